"""Measures against references in the same run. Never part of the tests."""
