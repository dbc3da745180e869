"""Public answers that are the same for everybody: kept by whoever is between, and asked for again only by their tag."""

import hashlib
from functools import cache

from fastapi import Request, Response

MAX_AGE = 300  # seconds; a correction of a text is seen everywhere after that


@cache
def tag(body: bytes) -> str:
    """Changes when the body does. Bodies are few, and made of our own texts alone."""
    return f'"{hashlib.sha256(body).hexdigest()[:16]}"'


def cacheable(request: Request, body: bytes) -> Response:
    """The JSON body, or 304 to whoever has it already (RFC 9110, 13.1.2). Nothing of the caller may be in it."""
    headers = {"cache-control": f"public, max-age={MAX_AGE}", "etag": tag(body)}
    known = {each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")}
    if known & {tag(body), "*"}:
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/json")
