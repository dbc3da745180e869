"""The rules of writing to people: why, to whom, and what becomes of each mail."""
