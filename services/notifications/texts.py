"""What a person reads: one subject, one text and one HTML template for each kind of mail, in French."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path

from babel.dates import format_date, format_time, format_timedelta
from jinja2 import FileSystemLoader, StrictUndefined, select_autoescape
from jinja2.sandbox import ImmutableSandboxedEnvironment

from chassis.auth import TokenSigner
from chassis.clock import PARIS
from contracts.channel import Channel
from contracts.identity import LogInWay
from contracts.notifications import EmailKind
from services.notifications.domain.contacts import Addressee
from services.notifications.domain.mails import NOT_ME_LIFE, Letter, Mail, Series
from services.notifications.domain.reasons import can_be_disowned

LOCALE = "fr_FR"
LONGEST_NAME = 100
NOT_ME, ISSUER, READER = "not-me+jwt", "notifications", "identity"
SUBJECTS: Mapping[EmailKind, str] = {
    EmailKind.ACCOUNT_CREATED: "Votre compte est créé : votre code provisoire",
    EmailKind.CODE_RESET: "Votre nouveau code provisoire",
    EmailKind.CODE_CHOSEN: "Votre code de connexion a été choisi",
    EmailKind.CREATION_ATTEMPTED: "Une création de compte a été demandée",
    EmailKind.CARD_ORDERED: "Votre commande de carte Vitale est enregistrée",
    EmailKind.LOG_IN_CODE: "Votre code de vérification",
    EmailKind.LOG_IN_BLOCKED: "Trop de codes erronés pour votre compte",
    EmailKind.NEW_DEVICE: "Connexion à votre compte depuis un nouvel appareil",
    EmailKind.SESSION_COPIED: "Une connexion à votre compte a été fermée par précaution",
    EmailKind.EMAIL_VALIDATION: "Confirmez votre adresse e-mail",
    EmailKind.EMAIL_CHANGE_REQUESTED: "Un changement d’adresse e-mail a été demandé",
    EmailKind.EMAIL_CHANGED: "L’adresse e-mail de votre compte a changé",
    EmailKind.ACCOUNT_FROZEN: "Votre compte est bloqué",
    EmailKind.ACCOUNT_REOPENED: "Votre compte est rouvert",
    EmailKind.ACCOUNT_CLOSED: "Votre compte est fermé",
    EmailKind.FRANCECONNECT_LINKED: "FranceConnect ouvre désormais votre compte",
    EmailKind.PASSKEY_ADDED: "Une clé d’accès a été ajoutée à votre compte",
    EmailKind.PASSKEY_REMOVED: "Une clé d’accès a été retirée de votre compte",
    EmailKind.NIR_CERTIFIED: "Votre numéro de sécurité sociale est définitif",
}
"""Constant: nothing that somebody typed reaches a header."""
PLACES: Mapping[Channel, str] = {Channel.WEB: "le site", Channel.APP: "l’application"}
WAYS: Mapping[LogInWay, str] = {
    LogInWay.CODE: "avec un code",
    LogInWay.FRANCECONNECT: "avec FranceConnect",
    LogInWay.PASSKEY: "avec une clé d’accès",
}


class Links:
    """Makes the links of one public site. Whatever a link proves is behind its `#`, which no server and no log sees.

    `freeze_key` is a private JWK; identity knows its public half.
    """

    def __init__(self, public_url: str, freeze_key: str) -> None:
        self.home = public_url.rstrip("/")
        self._signer = TokenSigner(freeze_key, issuer=ISSUER, kind=NOT_ME)

    def not_me(self, mail: Mail) -> str:
        """The "ce n'est pas moi" link of a mail: the same each time that the mail is sent, and kept nowhere.

        Issued when its reason happened, by identity's clock: identity compares it with when the account was reopened.
        """
        claims: dict[str, object] = {"sub": str(mail.person_id), "jti": mail.id}
        life = int(NOT_ME_LIFE.total_seconds())
        token = self._signer.sign(claims, audience=READER, life=life, issued_at=mail.told_at)
        return f"{self.home}/ce-n-est-pas-moi#{token}"

    def validation(self, token: str) -> str:
        """The link by which somebody proves to read an address."""
        return f"{self.home}/valider-mon-adresse#{token}"


class Texts:
    """Writes letters. Templates run in a sandbox, HTML is escaped, and a missing fact is an error."""

    def __init__(self, links: Links) -> None:
        self._templates = ImmutableSandboxedEnvironment(
            loader=FileSystemLoader(Path(__file__).with_name("templates")),
            autoescape=select_autoescape(["html"], default=False),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters.update(
            day=day, moment=moment, duration=duration, place=PLACES.__getitem__, way=WAYS.__getitem__
        )
        self._links = links

    def write(self, mail: Mail, addressee: Addressee, code: str | None) -> Letter:
        """The letter of a mail, always the same; both forms are written from the same facts."""
        kind = mail.about.kind
        facts = {
            "subject": SUBJECTS[kind],
            "name": f"{as_word(addressee.first_name)} {as_word(addressee.last_name)}".strip(),
            "about": mail.about,
            "code": code,
            "issued_at": mail.code.issued_at if mail.code else None,
            "expires_at": mail.code.expires_at if mail.code else None,
            "url": self._links.home,
            **self._particular(mail, code),
        }
        text, html = (self._templates.get_template(f"{kind.value}.{form}").render(facts) for form in ("txt", "html"))
        return Letter(mail.id, addressee.email, SUBJECTS[kind], text, html)

    def _particular(self, mail: Mail, code: str | None) -> dict[str, object]:
        """The links that not every mail has; a template that asks for one it is not given fails."""
        facts: dict[str, object] = {}
        if can_be_disowned(mail.about):
            facts |= {"not_me": self._links.not_me(mail), "not_me_until": mail.told_at + NOT_ME_LIFE}
        if code and mail.code and mail.code.series is Series.ADDRESS:
            facts["validation"] = self._links.validation(code)
        return facts


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
