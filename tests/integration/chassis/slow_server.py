"""The server with its body reader and one route each way: `slow_server.py PORT [HEADERS_MS FIRST RATE MOST]`."""

import asyncio
import sys

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.types import ASGIApp

from chassis.app import bare_app
from chassis.bodies import Patience, StrictBody
from chassis.server import HEADERS_IN_TIME_MS, serve
from chassis.web import Observe

router = APIRouter()


class Word(BaseModel):
    word: str


@router.get("/words")
async def words() -> Word:
    return Word(word="été")


@router.post("/words")
async def say(said: Word) -> Word:
    return said


def application(patience: Patience) -> ASGIApp:
    """The routes behind what create_app puts before them."""
    app = bare_app("slow", [router])
    app.add_middleware(StrictBody, patience=patience)
    app.add_middleware(Observe, trusts_caller=False)
    return app


def main(arguments: list[str]) -> None:
    """Serve until a signal."""
    port, *limits = arguments
    headers_ms, patience = HEADERS_IN_TIME_MS, Patience()
    if limits:
        headers_ms = int(limits[0])
        patience = Patience(float(limits[1]), int(limits[2]), float(limits[3]))
    asyncio.run(serve(application(patience), "127.0.0.1", int(port), headers_in_time_ms=headers_ms))


if __name__ == "__main__":
    main(sys.argv[1:])
