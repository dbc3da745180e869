"""Refusals that a client can act on. Anything that is not a Problem is a bug and answers 500."""

import re
from typing import Any, ClassVar, NamedTuple


class Text(NamedTuple):
    """One sentence for a person, in both languages."""

    fr: str
    en: str

    def in_language(self, language: str) -> str:
        """The sentence in `en` when English is asked for, in French otherwise."""
        return self.en if language == "en" else self.fr


class Problem(Exception):
    """Base of all refusals; answered as application/problem+json (RFC 9457).

    A subclass gives `status` and `title` (what is); the instance gives `detail` (what to do).
    Keyword arguments become extension members: ids and dates, never a personal number.
    """

    status: ClassVar[int] = 409
    title: ClassVar[Text]
    retry_after: ClassVar[int | None] = None

    def __init__(self, detail: Text, **extensions: Any) -> None:
        super().__init__(self.slug())
        self.detail = detail
        self.extensions = extensions

    @classmethod
    def slug(cls) -> str:
        """The last part of the problem's `type`: `OrderAlreadyInProgress` is `order-already-in-progress`."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", cls.__name__).lower()

    def document(self, language: str) -> dict[str, Any]:
        """The body of the answer, without the trace id that the web layer adds."""
        return {
            "type": f"/problems/{self.slug()}",
            "title": self.title.in_language(language),
            "status": self.status,
            "detail": self.detail.in_language(language),
            **self.extensions,
        }


class Unavailable(Problem):
    """A database or a service behind does not answer; nothing was decided, the client may try again."""

    status = 503
    title = Text("Service momentanément indisponible", "Service temporarily unavailable")
    retry_after = 2

    def __init__(self) -> None:
        super().__init__(
            Text(
                "Rien n'a été perdu. Réessayez dans quelques secondes.",
                "Nothing was lost. Try again in a few seconds.",
            )
        )


class NotFound(Problem):
    """The same answer for what does not exist and for what belongs to somebody else."""

    status = 404
    title = Text("Introuvable", "Not found")

    def __init__(self) -> None:
        super().__init__(Text("Vérifiez l'adresse ou revenez à l'accueil.", "Check the address or go back home."))


class Unauthenticated(Problem):
    """No valid session, or a token that this service does not accept."""

    status = 401
    title = Text("Connexion nécessaire", "Log-in needed")

    def __init__(self) -> None:
        super().__init__(Text("Connectez-vous, puis recommencez.", "Log in, then try again."))


class IdempotencyKeyReused(Problem):
    """One key names one command; another body under it would be answered with the wrong result."""

    status = 422
    title = Text("Clé d'idempotence déjà utilisée", "Idempotency key already used")

    def __init__(self) -> None:
        super().__init__(
            Text(
                "Cette clé a servi à une autre demande : envoyez la nouvelle avec une nouvelle clé.",
                "This key was used for another request: send the new one with a new key.",
            )
        )
