"""Takes the spans of every service and shows where one click went."""
