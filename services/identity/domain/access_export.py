"""The access log as a file that a spreadsheet opens (domain B4)."""

import csv
from collections.abc import Iterable, Mapping
from datetime import UTC
from io import StringIO

from contracts.channel import Channel
from contracts.identity import LogInWay
from contracts.problems import Text
from services.identity.domain.access_log import Entry, Who
from services.identity.domain.access_texts import label
from services.identity.domain.parameters import PARIS

BYTE_ORDER_MARK = "\ufeff"  # without it, Excel reads UTF-8 as something else
# A spreadsheet takes a cell that begins like this for a formula, and computes it (OWASP, CSV injection).
FORMULAS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
HEADS = (
    Text("Date et heure (Paris)", "Date and time (Paris)"),
    Text("Instant (UTC)", "Instant (UTC)"),
    Text("Quoi", "What"),
    Text("Par qui", "By whom"),
    Text("Par où", "Through what"),
    Text("Moyen de connexion", "Way of logging in"),
    Text("Codes faux auparavant", "Wrong codes before"),
    Text("Service", "Service"),
    Text("Connexion n°", "Session"),
)
NOTHING = Text("", "")
DOERS: Mapping[Who, Text] = {
    Who.SELF: Text("Vous", "You"),
    Who.CAISSE: Text("Votre caisse", "Your caisse"),
    Who.STRANGER: Text("Quelqu'un qui n'était pas connecté", "Somebody who was not logged in"),
    Who.AGENT: Text("Un agent de votre caisse", "An agent of your caisse"),
    Who.HELPER: Text("Votre aidant", "Your helper"),
}
PLACES: Mapping[Channel | None, Text] = {
    None: NOTHING,
    Channel.WEB: Text("Site", "Website"),
    Channel.APP: Text("Application", "App"),
}
WAYS: Mapping[LogInWay | None, Text] = {
    None: NOTHING,
    LogInWay.CODE: Text("Code", "Code"),
    LogInWay.FRANCECONNECT: Text("FranceConnect", "FranceConnect"),
    LogInWay.PASSKEY: Text("Clé d'accès", "Passkey"),
}
SERVICES: Mapping[str, Text] = {
    "identity": Text("Compte", "Account"),
    "payments": Text("Paiements", "Payments"),
    "procedures": Text("Démarches", "Requests"),
    "notifications": Text("Messages", "Messages"),
}


def as_csv(entries: Iterable[Entry], language: str) -> str:
    """The entries as CSV: semicolons, as French spreadsheets want it, and no cell that could be computed."""
    written = StringIO()
    writer = csv.writer(written, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([head.in_language(language) for head in HEADS])
    writer.writerows([harmless(cell.in_language(language)) for cell in _cells(each)] for each in entries)
    return BYTE_ORDER_MARK + written.getvalue()


def harmless(cell: str) -> str:
    """The cell as text, whatever it begins with."""
    return f"'{cell}" if cell.startswith(FORMULAS) else cell


def _cells(entry: Entry) -> tuple[Text, ...]:
    return (
        _plain(f"{entry.at.astimezone(PARIS):%d/%m/%Y %H:%M:%S}"),
        _plain(f"{entry.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"),
        label(entry),
        DOERS[entry.who],
        PLACES[entry.channel],
        WAYS[entry.way],
        _plain(str(entry.failed_attempts)),
        SERVICES.get(entry.service, _plain(entry.service)),
        _plain(str(entry.session_id or "")),
    )


def _plain(text: str) -> Text:
    return Text(text, text)
