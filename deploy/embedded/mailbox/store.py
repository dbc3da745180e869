"""Keeps every mail in two files of one folder, so that a mail it accepted outlives a kill and a power cut."""

import asyncio
import json
import os
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, getaddresses
from pathlib import Path
from typing import Any

from deploy.embedded.mailbox import message
from deploy.embedded.mailbox.search import Matches

Json = dict[str, Any]
NEWEST_KEPT = 50_000
WORDS = 4_000


@dataclass(frozen=True)
class Kept:
    """What is held in memory of one mail: enough to list and to search."""

    line: Json
    words: str
    order: int


class Store:
    """The mails of one folder, newest first. One event loop uses it; files are written on threads."""

    def __init__(self, folder: Path, newest_kept: int = NEWEST_KEPT) -> None:
        self._folder = folder
        self._newest_kept = newest_kept
        folder.mkdir(parents=True, exist_ok=True)
        kept = sorted(self._found(), key=lambda mail: mail.order)
        self._mails = {mail.line["ID"]: mail for mail in kept}
        self._order = kept[-1].order if kept else 0

    def __len__(self) -> int:
        return len(self._mails)

    @property
    def unread(self) -> int:
        """How many nobody opened yet."""
        return sum(not mail.line["Read"] for mail in self._mails.values())

    async def add(self, sender: str, recipients: Iterable[str], content: bytes) -> str:
        """Keep a mail and return its id; when this returns, both files are on the disk."""
        identifier = uuid.uuid4().hex[:22]
        received = datetime.now(UTC)
        raw = _stamped(identifier, sender, list(recipients), content, received)
        line, text = message.summary(identifier, received.isoformat(timespec="milliseconds")[:-6] + "Z", raw)
        self._order += 1
        mail = Kept(line, _words(line, text), self._order)
        await asyncio.to_thread(self._write, mail, raw)
        self._mails[identifier] = mail
        if len(self._mails) > self._newest_kept:
            self.remove([next(iter(self._mails))])
        return identifier

    def lines(self, matches: Matches | None = None) -> list[Json]:
        """The list of messages, or of those that match, newest first."""
        newest_first = reversed(self._mails.values())
        return [mail.line for mail in newest_first if matches is None or matches(mail.line, mail.words)]

    def find(self, identifier: str) -> Json | None:
        """One line of the list; `latest` is the newest."""
        if identifier == "latest" and self._mails:
            identifier = next(reversed(self._mails))
        mail = self._mails.get(identifier)
        return mail.line if mail else None

    def raw(self, identifier: str) -> bytes:
        """The mail as received, with the lines a last hop adds."""
        return (self._folder / f"{identifier}.eml").read_bytes()

    def mark(self, identifiers: Iterable[str], *, read: bool = True) -> None:
        """Note whether somebody opened these."""
        for mail in filter(None, map(self._mails.get, identifiers)):
            if mail.line["Read"] is not read:
                mail.line["Read"] = read
                self._describe(mail)

    def remove(self, identifiers: Iterable[str] | None = None) -> None:
        """Forget these mails, or all."""
        for identifier in list(self._mails if identifiers is None else identifiers):
            if self._mails.pop(identifier, None):
                (self._folder / f"{identifier}.json").unlink(missing_ok=True)
                (self._folder / f"{identifier}.eml").unlink(missing_ok=True)

    def _found(self) -> Iterable[Kept]:
        # A mail without its description was never acknowledged: its sender still has it.
        for path in self._folder.glob("*.eml"):
            described = path.with_suffix(".json")
            if described.exists():
                yield Kept(**json.loads(described.read_text()))
            else:
                path.unlink()

    def _write(self, mail: Kept, raw: bytes) -> None:
        _durably(self._folder / f"{mail.line['ID']}.eml", raw)
        self._describe(mail)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _describe(self, mail: Kept) -> None:
        path = self._folder / f"{mail.line['ID']}.json"
        draft = path.with_suffix(".tmp")
        _durably(draft, json.dumps({"line": mail.line, "words": mail.words, "order": mail.order}).encode())
        draft.replace(path)


def _durably(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _words(line: Json, text: str) -> str:
    people = [line["From"], *line["To"], *(line["Cc"] or []), *(line["Bcc"] or [])]
    named = " ".join(f"{person['Name']} {person['Address']}" for person in people)
    return f"{line['Subject']} {named} {line['MessageID']} {text[:WORDS]}".lower()


def _stamped(identifier: str, sender: str, recipients: list[str], content: bytes, received: datetime) -> bytes:
    mail = message.header_of(content)
    addressed = {
        address.lower()
        for _, address in getaddresses([str(v) for n in ("To", "Cc", "Bcc") for v in mail.get_all(n, [])])
    }
    hidden = [recipient for recipient in recipients if recipient.lower() not in addressed]
    lines = [f"Bcc: {', '.join(hidden)}"] if hidden else []
    lines += [] if "Message-ID" in mail else [f"Message-ID: <{identifier}@mailbox>"]
    lines += [
        f"Return-Path: <{sender}>",
        f"Received: by mailbox with SMTP\r\n        for <{recipients[0]}>; {format_datetime(received)}",
    ]
    return "".join(f"{line}\r\n" for line in lines).encode() + content
