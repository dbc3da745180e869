"""The published language of Compte: events, their envelope, and refusals. See README.md to subscribe."""
