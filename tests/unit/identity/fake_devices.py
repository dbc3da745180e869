"""The fake store's part for devices."""


class FakeDevices:
    """In dictionaries."""
