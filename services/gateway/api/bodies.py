"""What a body says before identity has checked it: enough to know how to treat its answer."""

import orjson

from contracts.channel import Channel


def sent_by(body: bytes) -> dict[str, object]:
    """The members of a body; none when it is no object."""
    try:
        sent = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return sent if isinstance(sent, dict) else {}


def from_browser(body: bytes) -> bool:
    """Whether a log-in is a browser's, which keeps its tokens in cookies."""
    return sent_by(body).get("client_id") == Channel.WEB


def with_device(body: bytes, known: str | None) -> bytes:
    """A browser's body with the device that its cookie names; no script can name another."""
    sent = sent_by(body)
    if not sent:
        return body
    sent.pop("device_token", None)
    return orjson.dumps({**sent, "device_token": known} if known else sent)


def text_member(body: bytes, name: str) -> str | None:
    """The text that an object names so."""
    member = sent_by(body).get(name)
    return member if isinstance(member, str) else None
