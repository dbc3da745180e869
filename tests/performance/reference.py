"""The reference for the home page: a bare FastAPI route that does one Motor find_one of the same bytes."""

import os

from fastapi import FastAPI
from fastapi.responses import Response

app = FastAPI(openapi_url=None)


class _Settings:
    host = "127.0.0.1"
    port = int(os.environ.get("REFERENCE_PORT", "0"))


class _Service:
    settings = _Settings()


app.state.service = _Service()


def _collection() -> object:
    if not hasattr(app.state, "collection"):
        from motor.motor_asyncio import AsyncIOMotorClient  # noqa: PLC0415 - bound to the running loop

        app.state.collection = AsyncIOMotorClient(os.environ["REFERENCE_MONGODB"])["reference"]["home"]
    return app.state.collection


@app.get("/home")
async def home() -> Response:
    """The stored bytes."""
    found = await _collection().find_one({"_id": "person"})  # type: ignore[attr-defined]
    return Response(found["body"], media_type="application/json")
