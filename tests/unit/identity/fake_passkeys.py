"""The fake store's part for passkeys."""


class FakePasskeys:
    """In dictionaries."""
