"""Writes to insured persons, by e-mail, what happened to their account and their requests."""
