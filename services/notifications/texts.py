"""What a person reads: one subject, one text and one HTML template for each kind of mail, in French."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path

from babel.dates import format_date, format_time, format_timedelta
from jinja2 import FileSystemLoader, StrictUndefined, select_autoescape
from jinja2.sandbox import ImmutableSandboxedEnvironment

from chassis.clock import PARIS
from contracts.notifications import EmailKind
from services.notifications.domain import Contact, Letter, Mail

LOCALE = "fr_FR"
LONGEST_NAME = 100
SUBJECTS: Mapping[EmailKind, str] = {
    EmailKind.ACCOUNT_CREATED: "Votre compte est créé : votre code provisoire",
    EmailKind.CODE_RESET: "Votre nouveau code provisoire",
    EmailKind.CODE_CHOSEN: "Votre code de connexion a été choisi",
    EmailKind.CREATION_ATTEMPTED: "Une création de compte a été demandée",
    EmailKind.CARD_ORDERED: "Votre commande de carte Vitale est enregistrée",
}
"""Constant: nothing that somebody typed reaches a header."""


class Texts:
    """Writes letters. Templates run in a sandbox, HTML is escaped, and a missing fact is an error."""

    def __init__(self, public_url: str) -> None:
        self._templates = ImmutableSandboxedEnvironment(
            loader=FileSystemLoader(Path(__file__).with_name("templates")),
            autoescape=select_autoescape(["html"], default=False),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters.update(day=day, moment=moment, duration=duration)
        self._public_url = public_url.rstrip("/")

    def write(self, mail: Mail, contact: Contact, code: str | None) -> Letter:
        """The letter of a mail; both forms are written from the same facts."""
        kind = mail.about.kind
        facts = {
            "subject": SUBJECTS[kind],
            "name": f"{as_word(contact.first_name)} {as_word(contact.last_name)}".strip(),
            "about": mail.about,
            "code": code,
            "issued_at": mail.code.issued_at if mail.code else None,
            "expires_at": mail.code.expires_at if mail.code else None,
            "url": self._public_url,
        }
        text, html = (self._templates.get_template(f"{kind.value}.{form}").render(facts) for form in ("txt", "html"))
        return Letter(mail.id, contact.email, SUBJECTS[kind], text, html)


def as_word(name: str) -> str:
    """A name on one line and of bearable length, without the characters that hide or turn text around."""
    visible = "".join(each if unicodedata.category(each)[0] not in "CZ" else " " for each in name)
    return re.sub(" +", " ", visible).strip()[:LONGEST_NAME]


def day(value: date) -> str:
    """`mardi 24 novembre 2026`."""
    pattern = "EEEE '1er' MMMM y" if value.day == 1 else "EEEE d MMMM y"
    return format_date(value, pattern, locale=LOCALE)


def moment(value: datetime) -> str:
    """`mardi 24 novembre 2026 à 11 h 20`, in Europe/Paris."""
    local = value.astimezone(PARIS)
    hour = format_time(local.time(), "H 'h' mm", locale=LOCALE)
    return f"{day(local.date())} à {hour}"


def duration(value: timedelta) -> str:
    """`10 minutes`, `24 heures`."""
    return str(format_timedelta(value, granularity="minute", threshold=2, locale=LOCALE))
