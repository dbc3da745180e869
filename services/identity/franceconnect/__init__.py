"""FranceConnect, as one of its service providers sees it (OpenID Connect, domain 3.6)."""

from services.identity.franceconnect.client import FranceConnect
from services.identity.franceconnect.registration import Registration

__all__ = ["FranceConnect", "Registration"]
