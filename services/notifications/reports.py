"""Whether a report is the mail provider's: signed with the key that only the two of us have, and fresh."""

import hashlib
import hmac
import re
from datetime import datetime, timedelta

from contracts.problems import NotFound, Problem, Text

FRESH = timedelta(minutes=5)
"""How far the provider's clock may be from ours; a report that was overheard can be repeated for as long, in vain."""
SIGNATURE = re.compile(r"t=([0-9]{1,12}),v1=([0-9a-f]{64})")


class ReportRefused(Problem):
    """One answer for no signature, a wrong one and an old one: it must not help anybody to make a better one."""

    status = 401
    title = Text("Signature refusée", "Signature refused")

    def __init__(self) -> None:
        super().__init__(
            Text(
                "Signez à nouveau le compte rendu, avec la clé convenue et l'heure exacte.",
                "Sign the report again, with the agreed key and the right time.",
            )
        )


class ReportKey:
    """The shared secret. Without one, nobody reports."""

    def __init__(self, key: str | None) -> None:
        self._key = key.encode() if key else None

    def check(self, signature: str | None, body: bytes, now: datetime) -> None:
        """Raises ReportRefused unless the signature is the provider's, of this body and fresh; NotFound without key.

        `t=<seconds since 1970>,v1=<hex>`: HMAC-SHA256 of `<seconds>.<body>`.
        """
        if self._key is None:
            raise NotFound
        given = SIGNATURE.fullmatch(signature or "")
        if given is None:
            raise ReportRefused
        signed_at, mac = given.groups()
        right = hmac.new(self._key, signed_at.encode() + b"." + body, hashlib.sha256).hexdigest()
        fresh = abs(now.timestamp() - int(signed_at)) <= FRESH.total_seconds()
        if not (hmac.compare_digest(right, mac) and fresh):
            raise ReportRefused
