"""Procedures: what a person asks of the caisse, and how far it has got."""
