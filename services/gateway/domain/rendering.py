"""From what the home page knows to what it says, in each channel."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from contracts.channel import Channel
from contracts.identity import LogInWay
from contracts.notifications import EmailKind
from contracts.payments import PaymentKind
from contracts.procedures import Actor, RequestKind, RequestState
from services.gateway.domain.capabilities import CAPABILITIES, capability
from services.gateway.domain.facts import Latest, Mail, Payment, Request
from services.gateway.domain.home import PARIS, Home
from services.gateway.domain.page import (
    AccountBlock,
    AgendaBlock,
    Banner,
    BannersBlock,
    CaisseBlock,
    CountersBlock,
    HomePage,
    MenuBlock,
    MenuEntry,
    PaymentLine,
    PaymentsBlock,
    PreviousLoginBlock,
    QuickRequest,
    QuickRequestsBlock,
    RequestLine,
    RequestsBlock,
    Status,
)

CURRENCY = "EUR"
PAYMENT_KINDS = {
    PaymentKind.CARE: "Remboursement de soins",
    PaymentKind.THIRD_PARTY: "Paiement à un tiers",
    PaymentKind.DAILY_ALLOWANCE: "Indemnités journalières",
    PaymentKind.RECOVERY: "Récupération",
}
REQUEST_KINDS = {RequestKind.VITALE_CARD_ORDER: "Commande d'une carte Vitale"}
REQUEST_STATES = {
    RequestState.PIECES_AWAITED: "Pièces attendues",
    RequestState.BEING_CHECKED: "En cours de vérification",
    RequestState.IN_PRODUCTION: "En cours de fabrication",
    RequestState.SHIPPED: "Expédiée",
    RequestState.CLOSED: "Terminée",
}
ACTORS = {Actor.INSURED: "À vous d'agir", Actor.CAISSE: "À votre caisse d'agir"}
CHOOSE_CODE, ADD_EMAIL = capability("PUT", "/me/code").public_path, capability("PUT", "/me/email").public_path
# One that was left, which may well be dead, and one that is only wished for.
TO_ANOTHER_ADDRESS = {EmailKind.EMAIL_CHANGED, EmailKind.EMAIL_VALIDATION}
PLACES = {Channel.WEB: "sur le site", Channel.APP: "sur l'application"}
# A code is the way that everybody has: it goes without saying.
WAYS = {LogInWay.FRANCECONNECT: ", par FranceConnect", LogInWay.PASSKEY: ", avec une clé d'accès"}


@dataclass(frozen=True)
class Caisse:
    """A local office of the health insurance, as far as the home page shows it."""

    name: str | None
    town: str | None
    phone: str


def render(home: Home, channel: Channel, caisse: Caisse | None) -> HomePage:
    """What this person's home page says in this channel. `caisse` belongs to the account, if there is one."""
    return HomePage(
        as_of=home.as_of,
        account=_account(home),
        previous_login=_previous_login(home),
        menu=_menu(channel),
        latest_payments=_payments(home),
        quick_requests=_quick_requests(channel),
        agenda=AgendaBlock(status=Status.UNAVAILABLE, as_of=None),
        counters=_counters(home),
        caisse=_caisse(home, caisse),
        banners=_banners(home),
        requests_in_progress=_requests(home),
    )


def _account(home: Home) -> AccountBlock:
    if home.account is None or home.name is None:
        return AccountBlock(status=Status.UNAVAILABLE, as_of=None)
    facts = (home.account, home.name, home.email_validated, home.code_chosen, home.frozen, home.dropped)
    account = home.account.value
    return AccountBlock(
        status=Status.OK,
        as_of=_newest(facts),
        first_name=home.name.value.first_name,
        last_name=home.name.value.last_name,
        created_at=account.created_at,
        email_validated=home.email_validated is not None,
        code_chosen_at=home.code_chosen.value if home.code_chosen else None,
    )


def _previous_login(home: Home) -> PreviousLoginBlock:
    if home.previous_login is None:
        return PreviousLoginBlock(status=Status.UNAVAILABLE, as_of=None)
    login = home.previous_login.value
    how = WAYS.get(login.way, "") if login.way else ""
    place = f" ({PLACES[login.channel]}{how})" if login.channel else ""
    return PreviousLoginBlock(
        status=Status.OK,
        as_of=home.previous_login.time,
        at=login.at,
        channel=login.channel,
        way=login.way,
        label=f"Dernière connexion : {moment(login.at)}{place}" if login.at else None,
        failed_attempts=login.failed_attempts,
    )


def _menu(channel: Channel) -> MenuBlock:
    tabs = [
        MenuEntry(label=each.menu, route=each.public_path)
        for each in CAPABILITIES
        if each.menu and channel in each.channels
    ]
    return MenuBlock(status=Status.OK, as_of=None, entries=tuple(tabs))


def _quick_requests(channel: Channel) -> QuickRequestsBlock:
    offered = [
        QuickRequest(kind=shortcut.kind, label=shortcut.label)
        for each in CAPABILITIES
        if channel in each.channels
        for shortcut in each.shortcuts
    ]
    return QuickRequestsBlock(status=Status.OK, as_of=None, requests=tuple(offered))


def _payments(home: Home) -> PaymentsBlock:
    latest = home.latest_payments()
    return PaymentsBlock(
        status=_known(home), as_of=_newest(latest), payments=tuple(_payment(each.value) for each in latest)
    )


def _payment(payment: Payment) -> PaymentLine:
    return PaymentLine(
        payment_id=payment.payment_id,
        payment_date=payment.payment_date,
        kind=payment.kind,
        kind_label=PAYMENT_KINDS[payment.kind],
        amount_cents=payment.amount_cents,
        currency=CURRENCY,
        sign="–" if payment.amount_cents < 0 else "+",
        care_date=payment.care_date,
        beneficiary=payment.beneficiary,
        complementary=payment.complementary,
    )


def _counters(home: Home) -> CountersBlock:
    return CountersBlock(
        status=_known(home),
        as_of=_newest((*home.payments, *home.requests)),
        payments_to_send=len(home.payments_to_send()),
        requests_in_progress=len(home.open_requests()),
    )


def _caisse(home: Home, caisse: Caisse | None) -> CaisseBlock:
    if home.caisse is None or caisse is None:
        return CaisseBlock(status=Status.UNAVAILABLE, as_of=None)
    return CaisseBlock(
        status=Status.OK,
        as_of=home.caisse.time,
        code=home.caisse.value,
        name=caisse.name,
        town=caisse.town,
        phone=caisse.phone,
    )


def _banners(home: Home) -> BannersBlock:
    found = [*_to_do(home)]
    dead = home.email_dead is not None and home.email_dead.value is not None
    if home.mail and (text := _undelivered(home.mail.value, known=not home.awaits_email, dead=dead)):
        found.append(Banner(id="email-failed", level="warning", text=text))
    if home.payments_to_send():
        text = "Des paiements sont à transmettre à votre organisme complémentaire."
        found.append(Banner(id="payments-to-send", level="info", text=text))
    facts = (
        home.mail,
        home.account,
        home.email_validated,
        home.code_chosen,
        home.reopened,
        home.email_dead,
        *home.payments,
    )
    return BannersBlock(status=_known(home), as_of=_newest(facts), banners=tuple(found))


def _to_do(home: Home) -> Iterable[Banner]:
    """What the account still needs, and why."""
    if home.awaits_code and home.reopened:
        text = (
            f"Votre compte était bloqué ; il est rouvert depuis le {day_of(home.reopened.value)}. "
            "Ses anciens codes ne fonctionnent plus : choisissez-en un nouveau."
        )
        yield Banner(id="choose-code", level="warning", text=text, route=CHOOSE_CODE)
    if home.email_dead and home.email_dead.value:
        yield Banner(id="email-dead", level="warning", text=_dead(home.email_dead.value), route=ADD_EMAIL)
    elif home.awaits_email:
        why = "nous pourrons vous prévenir de ce qui concerne votre compte, et vous envoyer un code si besoin."
        if home.dropped:
            why = (
                f"celle du compte a été retirée le {day_of(home.dropped.value)}, car quelqu'un d'autre pouvait la lire."
            )
        yield Banner(id="add-email", level="warning", text=f"Ajoutez une adresse e-mail : {why}", route=ADD_EMAIL)


def _dead(since: datetime) -> str:
    return (
        f"Depuis le {day_of(since)}, votre adresse e-mail ne reçoit pas nos messages. "
        "Changez-la dans « Mes informations », ou contactez votre caisse."
    )


def _undelivered(mail: Mail, *, known: bool, dead: bool) -> str | None:
    """What to say of a mail that did not arrive.

    Nothing of another address than the account's, nor of that one when there is none (`known`), or when it is said
    already that it gets none (`dead`).
    """
    if mail.delivered or dead or not known or mail.kind in TO_ANOTHER_ADDRESS:
        return None
    return f"Un e-mail du {day_of(mail.at)} n'a pas pu vous être remis. Vérifiez l'adresse e-mail de votre compte."


def _requests(home: Home) -> RequestsBlock:
    return RequestsBlock(
        status=_known(home),
        as_of=_newest(home.requests),
        requests=tuple(_request(each.value) for each in home.open_requests()),
    )


def _request(request: Request) -> RequestLine:
    return RequestLine(
        request_id=request.request_id,
        tracking_number=request.tracking_number,
        kind=request.kind,
        kind_label=REQUEST_KINDS[request.kind],
        state=request.state,
        state_label=REQUEST_STATES[request.state],
        next_actor=request.next_actor,
        next_actor_label=ACTORS[request.next_actor],
        ordered_on=request.ordered_on,
        expected_on=request.expected_on,
    )


def _known(home: Home) -> Status:
    """An empty list is news only once something was heard of this person."""
    return Status.UNAVAILABLE if home.as_of is None else Status.OK


def _newest(facts: Iterable[Latest[object] | None]) -> datetime | None:
    return max((fact.time for fact in facts if fact), default=None)


def moment(instant: datetime) -> str:
    """`20/06/2019 à 15:38`, in Europe/Paris."""
    return instant.astimezone(PARIS).strftime("%d/%m/%Y à %H:%M")


def day_of(instant: datetime) -> str:
    """`20/06/2019`, in Europe/Paris."""
    return instant.astimezone(PARIS).strftime("%d/%m/%Y")
