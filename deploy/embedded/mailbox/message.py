"""Turns a mail as it arrived into the objects of Mailpit's API: same names, same casing."""

import re
from collections.abc import Iterator
from datetime import datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import getaddresses, parsedate_to_datetime
from html import unescape
from typing import Any

Json = dict[str, Any]
SNIPPET = 200
_TAGS = re.compile(r"<(style|script|head)\b.*?</\1\s*>|<[^>]*>", re.IGNORECASE | re.DOTALL)
_BLOCK_END = re.compile(r"</(p|div|tr|h[1-6]|li)>|<br\s*/?>", re.IGNORECASE)


def header_of(raw: bytes) -> Message:
    """The headers alone, read without the bodies."""
    return BytesHeaderParser().parsebytes(raw)


def summary(identifier: str, created: str, raw: bytes) -> tuple[Json, str]:
    """One line of the list of messages, and the text it can be searched by."""
    mail = message_from_bytes(raw)
    text, html, _, attachments = _content(mail)
    plain = _plain(html) if html else text
    snippet = " ".join(plain.split())
    line = {
        "ID": identifier,
        "MessageID": _text(mail, "Message-ID").strip("<> "),
        "Read": False,
        "From": next(iter(_people(mail, "From")), {"Name": "", "Address": ""}),
        "To": _people(mail, "To"),
        "Cc": _people(mail, "Cc") or None,
        "Bcc": _people(mail, "Bcc") or None,
        "ReplyTo": _people(mail, "Reply-To"),
        "Subject": _text(mail, "Subject"),
        "Created": created,
        "Username": "",
        "Tags": [],
        "Size": len(raw),
        "Attachments": len(attachments),
        "Snippet": snippet if len(snippet) <= SNIPPET else f"{snippet[:SNIPPET]}...",
    }
    return line, plain


def detail(line: Json, raw: bytes) -> Json:
    """The message of this line with its bodies."""
    mail = message_from_bytes(raw)
    text, html, inline, attachments = _content(mail)
    kept = ("ID", "MessageID", "From", "To", "ReplyTo", "Subject", "Tags", "Username", "Size")
    unsubscribe = _text(mail, "List-Unsubscribe")
    return {
        **{name: line[name] for name in kept},
        "Cc": line["Cc"] or [],
        "Bcc": line["Bcc"] or [],
        "ReturnPath": _text(mail, "Return-Path").strip("<> "),
        "ListUnsubscribe": {
            "Header": unsubscribe,
            "Links": re.findall(r"<([^>]+)>", unsubscribe),
            "Errors": "",
            "HeaderPost": _text(mail, "List-Unsubscribe-Post"),
        },
        "Date": _date(mail) or line["Created"],
        "Text": text or _plain(html),
        "HTML": html,
        "Inline": inline,
        "Attachments": attachments,
    }


def headers(raw: bytes) -> dict[str, list[str]]:
    """Every header as sent, by its name in canonical case."""
    found: dict[str, list[str]] = {}
    for name, value in header_of(raw).items():
        canonical = "-".join(word.capitalize() for word in name.split("-"))
        found.setdefault(canonical, []).append(_unfold(str(value)))
    return dict(sorted(found.items()))


def part(raw: bytes, number: str) -> tuple[str, str, bytes] | None:
    """Media type, file name and content of one attachment."""
    for identifier, leaf in _leaves(message_from_bytes(raw)):
        if identifier == number:
            return leaf.get_content_type(), leaf.get_filename() or "", _bytes(leaf)
    return None


def _content(mail: Message) -> tuple[str, str, list[Json], list[Json]]:
    bodies = {"text/plain": "", "text/html": ""}
    inline: list[Json] = []
    attachments: list[Json] = []
    for number, leaf in _leaves(mail):
        kind = leaf.get_content_type()
        if kind in bodies and leaf.get_content_disposition() != "attachment":
            bodies[kind] = bodies[kind] or _decoded(leaf)
            continue
        entry = {
            "PartID": number,
            "FileName": leaf.get_filename() or "",
            "ContentType": kind,
            "ContentID": str(leaf.get("Content-ID", "")).strip("<> "),
            "Size": len(_bytes(leaf)),
        }
        (inline if leaf.get_content_disposition() == "inline" or entry["ContentID"] else attachments).append(entry)
    return bodies["text/plain"], bodies["text/html"], inline, attachments


def _leaves(mail: Message, prefix: str = "") -> Iterator[tuple[str, Message]]:
    payload = mail.get_payload()
    if not isinstance(payload, list):
        yield prefix or "1", mail
        return
    for position, child in enumerate(payload, 1):
        if isinstance(child, Message):
            yield from _leaves(child, f"{prefix}.{position}" if prefix else str(position))


def _bytes(leaf: Message) -> bytes:
    payload = leaf.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _decoded(leaf: Message) -> str:
    try:
        return _bytes(leaf).decode(leaf.get_content_charset("utf-8"), "replace")
    except LookupError:
        return _bytes(leaf).decode("utf-8", "replace")


def _plain(html: str) -> str:
    return unescape(_TAGS.sub("", _BLOCK_END.sub("\n", html))).strip()


def _text(mail: Message, name: str) -> str:
    return _readable(_unfold(str(mail.get(name, ""))))


def _unfold(value: str) -> str:
    return re.sub(r"\r?\n[ \t]+", " ", value)


def _readable(value: str) -> str:
    try:
        return str(make_header(decode_header(value)))
    except (LookupError, UnicodeError, ValueError):
        return value


def _people(mail: Message, name: str) -> list[Json]:
    # Split before decoding: an encoded name may hold a comma.
    values = [_unfold(str(value)) for value in mail.get_all(name, [])]
    return [{"Name": _readable(label), "Address": address} for label, address in getaddresses(values) if address]


def _date(mail: Message) -> str | None:
    try:
        sent: datetime = parsedate_to_datetime(str(mail.get("Date", "")))
    except ValueError:
        return None
    return sent.isoformat().replace("+00:00", "Z")
