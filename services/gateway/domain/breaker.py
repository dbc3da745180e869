"""When to stop asking a service that does not answer."""

from dataclasses import dataclass, replace

FAILURES = 5
REST_SECONDS = 2.0


@dataclass(frozen=True)
class Breaker:
    """After five failures in a row, one attempt every two seconds until one succeeds.

    Instants are seconds of a clock that never goes back.
    """

    failures: int = 0
    rests_until: float = 0.0

    @property
    def open(self) -> bool:
        """Whether the service is held to be out of order."""
        return self.failures >= FAILURES

    def try_at(self, now: float) -> "Breaker | None":
        """The breaker with this attempt under way, or None when it is not to be made."""
        if not self.open:
            return self
        return replace(self, rests_until=now + REST_SECONDS) if now >= self.rests_until else None

    def failed(self, now: float) -> "Breaker":
        """After a failure."""
        return Breaker(self.failures + 1, now + REST_SECONDS)

    def succeeded(self) -> "Breaker":
        """After an answer, whatever it says."""
        return self if self.failures == 0 else Breaker()
