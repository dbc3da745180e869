"""What a person reads."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from contracts.notifications import EmailKind
from services.notifications import texts
from services.notifications.domain import About, AccountOpened, CodeRenewed, Contact, Letter
from services.notifications.texts import SUBJECTS, Texts
from tests.unit.notifications.builders import CARD, LUCIE, REASONS, a_code, a_mail

URL = "https://compte.exemple.invalid"
CODE = "12345678"


def letter(about: About, contact: Contact = LUCIE) -> Letter:
    """The letter for a reason; those that bring a code bring this one."""
    code = a_code() if isinstance(about, AccountOpened | CodeRenewed) else None
    return Texts(f"{URL}/").write(a_mail(about, code=code), contact, CODE if code else None)


class Reader(HTMLParser):
    """The words and the tags of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.extend(re.findall(r"\w+", data.lower()))


@pytest.mark.parametrize("kind", EmailKind)
def test_every_reason_has_its_subject_its_text_and_its_html(kind: EmailKind) -> None:
    assert SUBJECTS[kind]
    assert any(about.kind is kind for about in REASONS)
    for form in ("txt", "html"):
        assert (Path(texts.__file__).with_name("templates") / f"{kind.value}.{form}").is_file()


@pytest.mark.parametrize("about", REASONS, ids=str)
def test_text_and_html_say_the_same(about: About) -> None:
    written = letter(about)
    in_text = set(re.findall(r"\w+", written.text.replace(URL, "").lower()))
    in_html = set(Reader(written.html).words)
    assert in_text <= in_html
    assert in_html - in_text <= set(re.findall(r"\w+", written.subject.lower()))


@pytest.mark.parametrize("about", REASONS, ids=str)
def test_html_is_readable_by_everybody_and_loads_nothing(about: About) -> None:
    html = letter(about).html
    tags = Reader(html).tags
    assert ("html", {"lang": "fr"}) in tags
    assert [name for name, _ in tags].count("h1") == 1
    assert {"main", "title"} <= {name for name, _ in tags}
    assert not {"img", "link", "script", "style", "iframe"} & {name for name, _ in tags}
    assert all(not {"src", "background"} & attributes.keys() for _, attributes in tags)
    assert {attributes["href"] for name, attributes in tags if name == "a"} <= {URL}
    assert "url(" not in html


@pytest.mark.parametrize("about", [about for about in REASONS if isinstance(about, AccountOpened | CodeRenewed)])
def test_a_code_has_its_own_line_and_its_last_moment(about: About) -> None:
    written = letter(about)
    assert f"Votre code provisoire : {CODE}" in written.text.splitlines()
    for form in (written.text, written.html):
        assert "mardi 24 novembre 2026 à 11 h 30" in form
        assert "10 minutes" in form
    assert CODE not in written.subject


def test_a_card_order_is_confirmed_with_number_pieces_and_day() -> None:
    written = letter(CARD)
    for form in (written.text, written.html):
        assert "CV-2026-000123" in form
        assert "photo d’identité" in form
        assert "mardi 1er décembre 2026" in form


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("{{7*7}}", "{{7*7}}"),
        ("{% include 'base.txt' %}", "{% include 'base.txt' %}"),
        ("Lucie\r\nBcc: x@y.z\r\n\r\nVotre code provisoire : 00000000", "Lucie Bcc: x@y.z Votre code provisoire"),
        ("Lu\u202ecie\u200b", "Lu cie"),
        ("É" * 10_000, "É" * 100),
    ],
)
def test_a_name_is_only_ever_a_name(name: str, shown: str) -> None:
    written = letter(AccountOpened(), Contact(name, "", "lucie@exemple.invalid"))
    greeting = written.text.splitlines()[0]
    assert shown in greeting
    assert len(greeting) < 150
    assert f"Votre code provisoire : {CODE}" in written.text.splitlines()
    assert "Votre code provisoire : 00000000" not in written.text.splitlines()
    assert "49" not in written.text
    assert written.subject == SUBJECTS[EmailKind.ACCOUNT_CREATED]


def test_a_name_cannot_write_html() -> None:
    written = letter(AccountOpened(), Contact("<img src=x>", "& Co", "lucie@exemple.invalid"))
    assert "<img" not in written.html
    assert "&lt;img src=x&gt; &amp; Co" in written.html


def test_a_letter_does_not_show_its_content_by_accident() -> None:
    shown = repr(letter(AccountOpened()))
    assert CODE not in shown
    assert "exemple.invalid" not in shown
