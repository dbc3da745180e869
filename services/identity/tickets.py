"""Secrets that bind the two halves of a ceremony: drawn here, kept by whoever began it, and by nobody else."""

import base64
import hashlib
import hmac

from chassis.ids import new_token


class Tickets:
    """Draws tickets. What a ceremony needs besides follows from its ticket, so nothing of it is stored."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def draw(self) -> str:
        """A new ticket of 256 random bits."""
        return new_token()

    def hash(self, ticket: str) -> str:
        """What is stored of a ticket."""
        return hashlib.sha256(ticket.encode()).hexdigest()

    def derived(self, ticket: str, purpose: str) -> str:
        """43 characters that follow from a ticket for one purpose, and that nobody else can work out."""
        digest = hmac.new(self._secret, f"{purpose}:{ticket}".encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")
