"""The gateway: sessions, commands on their way to a service, and the home page."""
