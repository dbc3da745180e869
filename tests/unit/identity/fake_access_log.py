"""The fake store's part for access log."""


class FakeAccessLog:
    """In dictionaries."""
