"""The fake store's part for federation."""


class FakeFederation:
    """In dictionaries."""
