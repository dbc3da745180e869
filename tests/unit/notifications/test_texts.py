"""What a person reads."""

import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from chassis import clock
from chassis.auth import TokenVerifier
from contracts.identity import AttemptReason, ResetReason
from contracts.notifications import EmailKind
from services.notifications import texts as subject
from services.notifications.domain.contacts import Addressee
from services.notifications.domain.mails import NOT_ME_LIFE, Letter, Series
from services.notifications.domain.reasons import (
    About,
    AccountOpened,
    AddressDoubted,
    CodeRenewed,
    CodesRefused,
    CreationTried,
    may_reach_a_stranger,
)
from services.notifications.texts import SUBJECTS
from tests.unit.notifications.builders import (
    BRINGING,
    CARD,
    FREEZE_JWKS,
    LUCIE,
    NOW,
    REASONS,
    URL,
    a_code,
    a_mail,
    texts,
)

CODE = "12345678"
WITHOUT_NOT_ME = {EmailKind.CARD_ORDERED, EmailKind.ACCOUNT_CLOSED}
CODE_NAMES = {Series.PROVISIONAL: "provisoire", Series.VERIFICATION: "de vérification"}
LINK = re.compile(re.escape(URL) + r"[^\s\"<]*")
NOT_ME = re.compile(re.escape(f"{URL}/ce-n-est-pas-moi#") + r"([\w.-]+)")


def letter(about: About, addressee: Addressee = LUCIE) -> Letter:
    """The letter for a reason; those that bring a code, or a token, bring this one."""
    code = a_code(series=BRINGING[about]) if about in BRINGING else None
    return texts().write(a_mail(about, code=code), addressee, CODE if code else None)


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
        assert (Path(subject.__file__).with_name("templates") / f"{kind.value}.{form}").is_file()


@pytest.mark.parametrize("about", REASONS, ids=str)
def test_text_and_html_say_the_same(about: About) -> None:
    written = letter(about)
    in_text = set(re.findall(r"\w+", LINK.sub("", written.text).lower()))
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
    assert all(str(attributes["href"]).startswith(URL) for name, attributes in tags if name == "a")
    assert "url(" not in html


@pytest.mark.parametrize("about", REASONS, ids=str)
def test_text_and_html_have_the_same_links(about: About) -> None:
    written = letter(about)
    in_html = {attributes["href"] for name, attributes in Reader(written.html).tags if name == "a"}
    assert set(LINK.findall(written.text)) == in_html


@pytest.mark.parametrize("about", BRINGING, ids=str)
def test_a_code_has_its_own_line_and_its_last_moment(about: About) -> None:
    written, series = letter(about), BRINGING[about]
    for form in (written.text, written.html):
        assert "mardi 24 novembre 2026 à 11 h 30" in form
    assert CODE not in written.subject
    if series is Series.ADDRESS:
        assert f"{URL}/valider-mon-adresse#{CODE}" in written.text.splitlines()
    else:
        assert f"Votre code {CODE_NAMES[series]} : {CODE}" in written.text.splitlines()
        assert "10 minutes" in written.html


@pytest.mark.parametrize("about", REASONS, ids=str)
def test_a_mail_about_who_may_open_the_account_and_no_other_can_be_disowned(about: About) -> None:
    written = letter(about)
    for form in (written.text, written.html):
        links = NOT_ME.findall(form)
        assert len(links) == (0 if about.kind in WITHOUT_NOT_ME or may_reach_a_stranger(about) else 1)
        assert ("mardi 1er décembre 2026 à 11 h 20" in form) == bool(links)


@pytest.mark.parametrize("about", [about for about in REASONS if about.kind is not EmailKind.EMAIL_VALIDATION], ids=str)
def test_a_mail_tells_how_to_reach_the_caisse(about: About) -> None:
    assert "36 46" in letter(about).text


@pytest.mark.parametrize("about", [about for about in REASONS if hasattr(about, "at")], ids=str)
def test_a_mail_tells_when_it_happened(about: About) -> None:
    assert "mardi 24 novembre 2026 à 11 h 20" in letter(about).text.partition(" ?")[0]


def test_a_mail_is_the_same_each_time_it_is_sent_and_two_mails_are_never_disowned_together() -> None:
    mail = a_mail(CodesRefused(50, None, NOW))
    assert texts().write(mail, LUCIE, None) == texts().write(mail, LUCIE, None)
    other = a_mail(mail.about, person_id=mail.person_id)
    assert texts().write(other, LUCIE, None) != texts().write(mail, LUCIE, None)


def test_the_link_of_a_mail_proves_to_identity_whose_it_is_for_a_week() -> None:
    late = a_mail(CodesRefused(50, None, NOW), now=clock.now())
    mail = replace(late, told_at=late.created_at - timedelta(minutes=1))
    [token] = NOT_ME.findall(texts().write(mail, LUCIE, None).text)
    verifier = TokenVerifier(FREEZE_JWKS, issuer="notifications", audience="identity", kind="not-me+jwt")
    claims = verifier.verify(token)
    assert (claims["sub"], claims["jti"]) == (str(mail.person_id), mail.id)
    issued = int(mail.told_at.timestamp())
    assert (claims["iat"], claims["exp"]) == (issued, issued + NOT_ME_LIFE.total_seconds())
    assert str(mail.person_id) not in token


def test_a_halt_says_until_when_or_what_ends_it() -> None:
    for_a_minute = letter(CodesRefused(5, NOW.replace(minute=21), NOW)).text
    assert "aucun code n’est accepté à cet endroit jusqu’au mardi 24 novembre 2026 à 11 h 21" in for_a_minute
    assert "FranceConnect" in letter(CodesRefused(50, None, NOW)).text


def test_a_first_code_says_that_another_account_lost_its_address_only_where_one_did() -> None:
    said = "autre compte, que personne n’a ouvert : il est fermé"
    assert said in letter(AccountOpened(address_freed=True)).text
    assert said not in letter(AccountOpened()).text


@pytest.mark.parametrize("reason", ResetReason)
def test_a_new_code_tells_what_to_do_if_nobody_asked_for_it(reason: ResetReason) -> None:
    assert "Vous n’avez rien demandé ?" in letter(CodeRenewed(reason)).text


def test_only_the_owner_of_an_opened_account_is_told_that_an_address_is_theirs() -> None:
    taken = AttemptReason.EMAIL_TAKEN
    opened, pending = (letter(CreationTried(taken, NOW, free_at)).text for free_at in (None, NOW.replace(minute=49)))
    assert "elle sert déjà au vôtre" in opened
    assert "votre compte" not in pending
    assert "à partir du mardi 24 novembre 2026 à 11 h 49" in pending


def test_whoever_may_be_a_stranger_reads_no_name() -> None:
    assert letter(AddressDoubted(), Addressee("", "", "x@exemple.invalid")).text.startswith("Bonjour,\n")


def test_a_card_order_is_confirmed_with_number_pieces_and_day() -> None:
    written = letter(CARD)
    for form in (written.text, written.html):
        assert "CV-2026-000123" in form
        assert "photo d’identité" in form
        assert "mardi 1er décembre 2026" in form


HOSTILE = {
    "{{7*7}}": "{{7*7}}",
    "{% include 'base.txt' %}": "{% include 'base.txt' %}",
    "{{ ''.__class__.__mro__ }}{{ config }}": "{{ ''.__class__.__mro__ }}{{ config }}",
    "Lucie\r\nBcc: x@y.z\r\n\r\nVotre code provisoire : 00000000": "Lucie Bcc: x@y.z Votre code provisoire",
    "Lu\u202ecie\u200b\u2066": "Lu cie",
    "É" * 10_000: "É" * 100,
    "<img src=x>": "<img src=x>",
}


@pytest.mark.parametrize("about", REASONS, ids=str)
@pytest.mark.parametrize("name", HOSTILE, ids=lambda name: name[:12])
def test_a_name_is_only_ever_a_name(about: About, name: str) -> None:
    written, harmless = letter(about, Addressee(name, name, "lucie@exemple.invalid")), letter(about)
    greeting, shown = written.text.splitlines()[0], HOSTILE[name]
    assert greeting.startswith(f"Bonjour {shown}")
    assert len(greeting) < 250
    assert LINK.sub("", written.text).splitlines()[1:] == LINK.sub("", harmless.text).splitlines()[1:]
    assert [tag for tag, _ in Reader(written.html).tags] == [tag for tag, _ in Reader(harmless.html).tags]
    assert written.subject == SUBJECTS[about.kind]


def test_a_name_cannot_write_html() -> None:
    for about in REASONS:
        written = letter(about, Addressee("<img src=x>", "& Co", "lucie@exemple.invalid"))
        assert "<img" not in written.html
        assert "&lt;img src=x&gt; &amp; Co" in written.html


def test_a_letter_does_not_show_its_content_by_accident() -> None:
    shown = repr(letter(AccountOpened()))
    assert CODE not in shown
    assert "exemple.invalid" not in shown
