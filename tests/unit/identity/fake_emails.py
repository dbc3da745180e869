"""The fake store's part for emails."""


class FakeEmails:
    """In dictionaries."""
