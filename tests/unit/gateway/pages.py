"""A page of the portal as a person meets it: its own HTML and scripts, in as much of a browser as they need."""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from services.gateway import portal
from services.gateway.api.portal_info import DIRECTORY, TEXTS
from services.gateway.domain.code_forms import SHIPPED
from services.gateway.domain.portal_info import portal_page

NODE = shutil.which("node")
BROWSER = Path(__file__).with_name("browser.js")
WITHOUT_END = {"input", "link", "meta"}
Step = tuple[str | int, ...]


class _Reader(HTMLParser):
    """The body of a page as a tree."""

    def __init__(self) -> None:
        super().__init__()
        self._open: list[dict[str, Any]] = [{"tag": "", "attributes": {}, "children": []}]
        self.body: dict[str, Any] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        made = {"tag": tag, "attributes": {name: value or "" for name, value in attrs}, "children": []}
        self._open[-1]["children"].append(made)
        if tag == "body":
            self.body = made
        if tag not in WITHOUT_END:
            self._open.append(made)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()["tag"] == tag

    def handle_data(self, data: str) -> None:
        self._open[-1]["children"].append(data)


@dataclass(frozen=True)
class Answer:
    """What the API says to one call."""

    body: Any = None
    status: int = 200


@dataclass(frozen=True)
class Met:
    """What the person sees at the end, and what the page did."""

    seen: Mapping[str, Mapping[str, Any]]
    calls: Sequence[Mapping[str, Any]]
    left: Sequence[str]
    problems: Sequence[str]
    cookies: Mapping[str, str]
    kept: Mapping[str, str]

    def text(self, name: str) -> str:
        """What is read there; nothing when it is not shown."""
        return self.seen[name]["text"] if self.seen[name]["shown"] else ""

    def shown(self, name: str) -> bool:
        """Whether it is there to be seen."""
        return bool(self.seen[name]["shown"])

    def asked(self, call: str) -> list[Any]:
        """The bodies of these calls."""
        return [each["body"] for each in self.calls if each["asked"].partition("?")[0] == call]


def problem(slug: str, status: int, **more: Any) -> Answer:
    """A refusal."""
    return Answer({"type": f"/problems/{slug}", "title": f"Refus {slug}", "detail": "Voilà.", **more}, status)


def the_portal(code: str | None = None) -> Answer:
    """The public portal, with the contact card of this caisse."""
    return Answer(portal_page(TEXTS, DIRECTORY, code).model_dump(mode="json"))


def meet(
    address: str,
    answers: Mapping[str, Answer | Sequence[Answer]],
    *steps: Step,
    cookies: Mapping[str, str] | None = None,
    kept: Mapping[str, str] | None = None,
) -> Met:
    """Open the page and take the steps: type, pick, untick, choose, click, submit, wait. A script's own error fails."""
    reader = _Reader()
    reader.feed(portal.pages(SHIPPED)[address.partition("?")[0].partition("#")[0]].body.decode())
    caisses = {f"GET /portal?caisse={code}": the_portal(code) for code in DIRECTORY.caisses}
    given = {"GET /portal": the_portal(), **caisses, **answers}
    told = {
        "address": address,
        "page": reader.body,
        "steps": steps,
        "cookies": cookies or {},
        "kept": kept or {},
        "answers": {
            call: [vars(each) for each in ([said] if isinstance(said, Answer) else said)]
            for call, said in given.items()
        },
    }
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(portal.HERE / "static", folder, dirs_exist_ok=True)
        shutil.copy(BROWSER, folder)
        Path(folder, "package.json").write_text('{"type": "module"}')
        done = subprocess.run(
            [str(NODE), "browser.js"],
            cwd=folder,
            input=json.dumps(told),
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
    assert done.returncode == 0, done.stderr
    met = Met(**json.loads(done.stdout))
    assert not met.problems, met.problems
    return met
