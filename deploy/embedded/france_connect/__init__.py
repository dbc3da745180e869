"""Plays FranceConnect v2 for one stack: signed ID tokens and userinfo, and on demand everything that may go wrong."""
