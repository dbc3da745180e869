"""What routes ask for: the day, the unit of work, and one answer an idempotency key."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel

from chassis import clock, web
from chassis.auth import CurrentCaller
from chassis.work import Answer, Handler, Work, fingerprint
from contracts.problems import Problem, Text

R = TypeVar("R")


def reader_language(request: Request) -> str:
    """`en` when the reader prefers English, else `fr`."""
    return web.language(request.headers.raw)


Language = Annotated[str, Depends(reader_language)]
Today = Annotated[date, Depends(clock.today)]
Now = Annotated[datetime, Depends(clock.now)]
IdempotencyKey = Annotated[str | None, Header(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9_.:\-]+$")]


class IdempotencyKeyMissing(Problem):
    """A write without a key cannot be sent again safely."""

    status = 400
    title = Text("Clé d'idempotence manquante", "Idempotency key missing")

    def __init__(self) -> None:
        super().__init__(Text("Ajoutez un en-tête Idempotency-Key unique.", "Add a unique Idempotency-Key header."))


def request_work(request: Request, response: Response) -> "RequestWork":
    """The unit of work, telling the client after which of its writes to read."""
    return RequestWork(request, response)


class RequestWork:
    """Work for one request: a commit that said something is named in `X-Read-After: <service>=<sequence>`."""

    def __init__(self, request: Request, response: Response) -> None:
        self._work: Work[Any] = request.app.state.work
        self._service: str = request.app.state.service.name
        self._response = response

    async def __call__(self, handler: Handler[Any, Any, ..., R], command: Any, *args: Any, **kwargs: Any) -> R:
        """Run a command in one transaction; see Work."""
        result, sequence = await self._work.sequenced(handler, command, *args, **kwargs)
        if sequence:
            self._response.headers["X-Read-After"] = f"{self._service}={sequence}"
        return result

    async def read(self, handler: Handler[Any, Any, ..., R], query: Any, *args: Any, **kwargs: Any) -> R:
        """Run a handler that only reads."""
        return await self._work.read(handler, query, *args, **kwargs)


class Once:
    """Runs a command at most once for each idempotency key of its caller, and answers repeats alike for 24 h."""

    def __init__(self, request: Request, key: str, owner: str) -> None:
        self._request = request
        self._work: Work[Any] = request.app.state.work
        self.key = key
        self._owner = owner

    async def __call__(
        self,
        status: int,
        view: Callable[[R], BaseModel | None],
        handler: Handler[Any, Any, ..., R],
        command: Any,
        *args: Any,
        **kwargs: Any,
    ) -> Response:
        """Answer `status` with `view(result)`; a repeat of the same body gets the stored first answer."""
        name, seen = await self._named()

        def answer(result: R) -> tuple[int, bytes]:
            shown = view(result)
            return status, shown.model_dump_json().encode() if shown else b""

        return self._told(await self._work.once(name, seen, answer, handler, command, *args, **kwargs))

    async def prepared(
        self,
        status: int,
        view: Callable[[R], BaseModel | None],
        handler: Handler[Any, Any, ..., R],
        prepare: Callable[[], Awaitable[Any]],
    ) -> Response:
        """As a call, for a command whose preparation counts or costs something: a repeat is answered without it."""
        if known := await self._work.answered(*await self._named()):
            return self._told(known)
        return await self(status, view, handler, await prepare())

    async def _named(self) -> tuple[str, str]:
        """What the answer is kept under, and what tells its body from another."""
        service = self._request.app.state.service
        seen = fingerprint(service.index_key, await self._request.body())
        scope = f"{self._owner}:{seen}" if self._owner == "anonymous" else self._owner
        return f"{scope}:{self._request.method} {self._request.url.path}:{self.key}", seen

    def _told(self, given: Answer) -> Response:
        service = self._request.app.state.service
        headers = {"X-Read-After": f"{service.name}={given.read_after}"} if given.read_after else {}
        return Response(given.body, given.status, headers, media_type="application/json" if given.body else None)


def once(request: Request, caller: CurrentCaller, idempotency_key: IdempotencyKey = None) -> Once:
    """The caller's key for this command. Raises IdempotencyKeyMissing."""
    if idempotency_key is None:
        raise IdempotencyKeyMissing
    return Once(request, idempotency_key, str(caller.person_id or "anonymous"))


CurrentWork = Annotated[RequestWork, Depends(request_work)]
CurrentOnce = Annotated[Once, Depends(once)]
