"""The HTTP side of every service: problem+json, one span and one measure a request."""

import time
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import iter_route_contexts
from opentelemetry import context, trace
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from chassis import metrics, telemetry
from chassis.mongo import DatabaseDown
from chassis.telemetry import log
from contracts.problems import NotFound, Problem, Text, Unavailable

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

QUIET = ("/health/", "/metrics")
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
SAFE_HEADERS = [
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
]


class BadRequest(Problem):
    """The request cannot be read as what the route expects."""

    status = 400
    title = Text("Demande illisible", "Unreadable request")


class MethodNotAllowed(Problem):
    """The address exists, the method does not."""

    status = 405
    title = Text("Méthode non permise", "Method not allowed")


class InvalidInput(Problem):
    """Fields are missing or wrong; all of them are listed, none is quoted."""

    status = 422
    title = Text("Certains champs sont à corriger", "Some fields need correction")


class Unexpected(Problem):
    """A bug. The trace id finds it."""

    status = 500
    title = Text("Erreur inattendue", "Unexpected error")


BAD_JSON = Text("Le corps de la demande n'est pas un JSON valide.", "The body is not valid JSON.")
_FIX = Text("Corrigez les champs indiqués, puis recommencez.", "Correct the listed fields, then try again.")
_BUG = Text("Réessayez ; si cela persiste, citez le numéro de trace.", "Try again, or quote the trace id.")
_METHOD = Text("Consultez /docs pour les méthodes permises.", "See /docs for the methods allowed.")

MESSAGES = {
    "missing": Text("Ce champ est obligatoire.", "This field is required."),
    "extra_forbidden": Text("Ce champ n'est pas attendu.", "This field is not expected."),
    "string_pattern_mismatch": Text("Le format n'est pas valide.", "The format is not valid."),
    "string_too_short": Text("La valeur est trop courte.", "The value is too short."),
    "string_too_long": Text("La valeur est trop longue.", "The value is too long."),
    "string_type": Text("Un texte est attendu.", "A text is expected."),
    "enum": Text("Cette valeur n'est pas proposée.", "This value is not one of the choices."),
    "literal_error": Text("Cette valeur n'est pas proposée.", "This value is not one of the choices."),
    "date_from_datetime_parsing": Text("Date attendue : AAAA-MM-JJ.", "Expected date: YYYY-MM-DD."),
    "date_parsing": Text("Date attendue : AAAA-MM-JJ.", "Expected date: YYYY-MM-DD."),
    "email-throw-away": Text(
        "Cette adresse est jetable. Indiquez-en une que vous lirez encore dans un an.",
        "This is a throw-away address. Give one that you will still read in a year.",
    ),
    "birth-date": Text(
        "Cette date n'est pas valide. Écrivez-la JJ/MM/AAAA sur le site, AAAA-MM-JJ ailleurs, et 00 pour un jour ou "
        "un mois que votre état civil ne donne pas : 00/03/1955, 00/00/1955.",
        "This date is not valid. Write it DD/MM/YYYY on the site, YYYY-MM-DD elsewhere, and 00 for a day or a month "
        "that your civil status does not tell: 00/03/1955, 00/00/1955.",
    ),
    "birth-date-future": Text("Cette date n'est pas encore passée.", "This date has not passed yet."),
    "date_type": Text("Date attendue : AAAA-MM-JJ.", "Expected date: YYYY-MM-DD."),
}
OTHERWISE = Text("Cette valeur n'est pas valide.", "This value is not valid.")


def language(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """`en` when the reader prefers English, else `fr`."""
    accepted = next((value for name, value in headers if name == b"accept-language"), b"")
    return "en" if accepted.lower().startswith(b"en") else "fr"


def problem_response(problem: Problem, request_headers: Iterable[tuple[bytes, bytes]]) -> Response:
    """A refusal as RFC 9457 asks, with the trace id that finds it."""
    document = problem.document(language(request_headers))
    if current := telemetry.trace_id():
        document["trace_id"] = current
    headers = {"retry-after": str(problem.retry_after)} if problem.retry_after else {}
    return Response(
        orjson.dumps(document, default=str),
        problem.status,
        headers=headers,
        media_type="application/problem+json",
    )


def invalid_input(errors: Iterable[tuple[str, str, Text]], reader: str) -> InvalidInput:
    """One refusal for all wrong fields: (pointer, code, message) each, in the reader's language."""
    listed = [
        {"pointer": pointer, "code": code, "message": message.in_language(reader)} for pointer, code, message in errors
    ]
    return InvalidInput(_FIX, errors=listed)


def install_problems(app: FastAPI) -> None:
    """Answer every refusal, and every bug, as problem+json."""

    def headers_of(request: Request) -> Iterable[tuple[bytes, bytes]]:
        found: Iterable[tuple[bytes, bytes]] = request.scope["headers"]
        return found

    async def on_problem(request: Request, problem: Exception) -> Response:
        assert isinstance(problem, Problem)  # noqa: S101
        return problem_response(problem, headers_of(request))

    async def on_database_down(request: Request, _: Exception) -> Response:
        return problem_response(Unavailable(), headers_of(request))

    async def on_invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101
        found = [
            (_pointer(each["loc"]), each["type"], MESSAGES.get(each["type"], OTHERWISE)) for each in error.errors()
        ]
        return problem_response(invalid_input(found, language(headers_of(request))), headers_of(request))

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101
        refusals: dict[int, Problem] = {404: NotFound(), 405: MethodNotAllowed(_METHOD)}
        answer = problem_response(refusals.get(error.status_code, BadRequest(BAD_JSON)), headers_of(request))
        if answer.status_code == MethodNotAllowed.status:
            answer.headers["allow"] = ", ".join(_methods(request))
        return answer

    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(DatabaseDown, on_database_down)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)


def _methods(request: Request) -> list[str]:
    """What may be done at this address: by the routes of its own if it has any, else by those of its pattern."""
    routes = iter_route_contexts(request.app.routes)
    here = [each for each in routes if each.path and compile_path(each.path)[0].match(request.scope["path"])]
    own = min((each.path or "" for each in here), key=lambda path: path.count("{"), default="")
    return sorted({method for each in here if each.path == own for method in each.methods or ()})


def _pointer(place: tuple[str | int, ...]) -> str:
    """`("body", "nir")` is `/nir`; what is not in the body keeps its place in front: `/query/cursor`."""
    parts = place[1:] if place and place[0] == "body" else place
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts)


class Observe:
    """One span, one measure and the safe headers for every request; an escaped exception becomes a 500 problem.

    At the edge (`trusts_caller=False`) a trace begins here whatever the caller sends.
    """

    def __init__(self, app: Asgi, *, trusts_caller: bool) -> None:
        self._app = app
        self._trusts_caller = trusts_caller

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(QUIET):
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 0

        async def observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                present = {name for name, _ in message["headers"]}
                extra = [pair for pair in SAFE_HEADERS if pair[0] not in present]
                trace = (b"x-trace-id", telemetry.trace_id().encode())
                message["headers"] = [*message["headers"], *extra, trace]
            await send(message)

        token = context.attach(telemetry.root_context())
        try:
            parent = _header(scope, b"traceparent") if self._trusts_caller else None
            with telemetry.span("receive", _method(scope), parent=parent) as current:
                await self._answer(scope, receive, observed)
                if current.is_recording():
                    _describe(current, scope, status)
        finally:
            context.detach(token)
            metrics.requests.labels(_method(scope), _route(scope), status).observe(time.perf_counter() - started)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except Exception as bug:
            log.error("request failed", cause=type(bug).__name__, stack=_stack(bug))
            answer = problem_response(Unexpected(_BUG), scope["headers"])
            await answer(scope, receive, send)


def _describe(current: trace.Span, scope: Scope, status: int) -> None:
    method, route = _method(scope), _route(scope)
    current.update_name(f"receive {method} {route}")
    current.set_attributes({"http.request.method": method, "http.route": route, "http.response.status_code": status})


def _method(scope: Scope) -> str:
    """One of a few words: callers invent methods, and each would be kept for good as one more series of measures."""
    return scope["method"] if scope["method"] in METHODS else "other"


def _route(scope: Scope) -> str:
    """The pattern that matched, never the path that was asked for."""
    return getattr(scope.get("route"), "path", "none")


def _header(scope: Scope, name: bytes) -> str | None:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), None)


def _stack(error: BaseException) -> list[str]:
    """Where it happened, without any text of the exception."""
    frames, at = [], error.__traceback__
    while at is not None:
        frames.append(f"{at.tb_frame.f_code.co_filename.rpartition('/')[2]}:{at.tb_lineno}")
        at = at.tb_next
    return frames[-8:]
