"""What a request may bring: at most 64 kB, in time, and JSON without ambiguity."""

import asyncio
from dataclasses import dataclass

from chassis.json import MalformedJson, check
from chassis.web import BAD_JSON, Asgi, BadRequest, Message, Receive, Scope, Send, problem_response
from contracts.problems import Problem, Text

WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS"})
LARGEST_BODY = 64 * 1024


@dataclass(frozen=True)
class Patience:
    """How long a body may take: `at_first`, and a second more for each `rate` bytes that came, up to `at_most`."""

    at_first: float = 5.0
    rate: int = 1024
    at_most: float = 30.0

    def allows(self, received: int) -> float:
        """Seconds from the start of a body within which more of it than this must come."""
        return min(self.at_first + received / self.rate, self.at_most)


class TooLarge(Problem):
    """The body is larger than any route accepts."""

    status = 413
    title = Text("Demande trop volumineuse", "Request too large")


class TooSlow(Problem):
    """The body does not arrive in time; the connection is closed."""

    status = 408
    title = Text("Demande reçue trop lentement", "Request received too slowly")


class NotJson(Problem):
    """Only JSON bodies are read."""

    status = 415
    title = Text("Format non accepté", "Unsupported format")


_TOO_LARGE = Text("Réduisez la demande à 64 ko au plus.", "Reduce the request to 64 kB at most.")
_TOO_SLOW = Text("Recommencez avec une meilleure connexion.", "Try again on a better connection.")
_NOT_JSON = Text("Envoyez un corps en application/json.", "Send an application/json body.")


class Gone(Exception):
    """The client closed the connection in the middle of its request: nobody is there to answer."""


class StrictBody:
    """Reads a body whole before anything else sees it: at most 64 kB, in time, and JSON without ambiguity."""

    def __init__(self, app: Asgi, patience: Patience = Patience()) -> None:
        self._app = app
        self._patience = patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["method"] in WITHOUT_BODY:
            await self._app(scope, _replay(b"", receive), send)
            return
        try:
            body = await _read(receive, self._patience)
            if body:
                _check_body(scope, body)
        except Gone:
            return
        except Problem as refusal:
            answer = problem_response(refusal, scope["headers"])
            if isinstance(refusal, TooSlow | TooLarge):
                # The rest of the body is not waited for, so nothing else can be read from this connection.
                answer.headers["connection"] = "close"
            await answer(scope, receive, send)
            return
        await self._app(scope, _replay(body, receive), send)


def _replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives this body first."""
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


async def _read(receive: Receive, patience: Patience) -> bytes:
    """The whole body. Raises TooLarge, TooSlow, or Gone when the client leaves before its end."""
    body = b""
    clock = asyncio.get_running_loop().time
    started = clock()
    while True:
        try:
            async with asyncio.timeout_at(started + patience.allows(len(body))):
                message = await receive()
        except TimeoutError:
            raise TooSlow(_TOO_SLOW) from None
        if message["type"] == "http.disconnect":
            raise Gone
        body += bytes(message.get("body", b""))
        if len(body) > LARGEST_BODY:
            raise TooLarge(_TOO_LARGE)
        if not message.get("more_body"):
            return body


def _check_body(scope: Scope, body: bytes) -> None:
    kind = next((value for name, value in scope["headers"] if name == b"content-type"), b"")
    if kind.partition(b";")[0].strip().lower() != b"application/json":
        raise NotJson(_NOT_JSON)
    try:
        check(body)
    except MalformedJson:
        raise BadRequest(BAD_JSON) from None
