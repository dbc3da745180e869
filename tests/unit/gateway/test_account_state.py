"""What the home page says of an account that was frozen and reopened, or has no address."""

from datetime import timedelta
from itertools import permutations

from contracts.channel import Channel
from contracts.event import Event
from contracts.notifications import EmailKind
from services.gateway.domain.home import Home, apply
from services.gateway.domain.page import HomePage
from services.gateway.domain.rendering import render
from tests.unit.gateway.builders import (
    LUCIE,
    NOW,
    a_change_of_address,
    a_chosen_code,
    a_closure,
    a_freeze,
    a_mail,
    a_reopening,
    a_validation,
    an_account,
    told,
)

OPENED = an_account(), a_validation(), a_chosen_code()


def page(*events: Event) -> HomePage:
    """The home page after these events."""
    return render(told(*events), Channel.WEB, None)


def banners(*events: Event) -> list[str]:
    """Which banners are above it."""
    return [each.id for each in page(*events).banners.banners]


def test_a_freeze_takes_the_code_and_leaves_the_address() -> None:
    account = page(*OPENED, a_freeze()).account
    assert (account.code_chosen_at, account.email_validated) == (None, True)
    assert account.as_of == NOW + timedelta(seconds=3)
    assert page(*OPENED, a_freeze(), a_reopening(), a_chosen_code()).account.code_chosen_at == NOW


def test_a_reopening_takes_the_address_only_where_it_says_so() -> None:
    assert page(*OPENED, a_freeze(), a_reopening()).account.email_validated
    assert not page(*OPENED, a_freeze(), a_reopening(dropped=True)).account.email_validated
    assert page(*OPENED, a_freeze(), a_reopening(dropped=True), a_change_of_address()).account.email_validated


def test_whoever_reopened_the_account_is_told_what_happened_and_what_to_do() -> None:
    story = (*OPENED, a_freeze(), a_reopening(dropped=True))
    code, email = page(*story).banners.banners
    assert (code.id, code.route, email.id, email.route) == (
        "choose-code",
        "/api/v1/me/code",
        "add-email",
        "/api/v1/me/email",
    )
    assert "bloqué" in code.text
    assert "24/11/2026" in code.text
    assert "retirée le 24/11/2026" in email.text
    assert banners(*story, a_chosen_code()) == ["add-email"]
    assert banners(*story, a_change_of_address()) == ["choose-code"]
    assert banners(*story, a_chosen_code(), a_change_of_address()) == []


def test_an_account_without_code_that_was_never_frozen_is_not_asked_for_one() -> None:
    assert banners(an_account(), a_validation()) == []
    assert banners(*OPENED, a_freeze()) == []


def test_an_account_without_address_is_asked_for_one_until_it_is_validated() -> None:
    unwritten = an_account(email=None, provisional_code=None, code_expires_at=None)
    [asked] = page(unwritten).banners.banners
    assert (asked.id, asked.text.partition(" :")[0]) == ("add-email", "Ajoutez une adresse e-mail")
    assert banners(unwritten, a_change_of_address()) == []
    assert banners(unwritten, a_closure()) == []


def test_nobody_is_asked_to_check_an_address_that_they_do_not_have() -> None:
    unwritten = an_account(email=None, provisional_code=None, code_expires_at=None)
    assert banners(unwritten, a_mail(delivered=False, kind=EmailKind.NEW_DEVICE)) == ["add-email"]


def test_what_a_freeze_and_a_reopening_took_does_not_come_back_when_it_is_heard_late() -> None:
    story = list(enumerate((*OPENED, a_freeze(), a_reopening(dropped=True)), 1))
    for arrivals in permutations(story):
        home = Home(LUCIE)
        for sequence, event in arrivals:
            home = apply(home, event, source="identity", sequence=sequence, time=NOW)
        account = render(home, Channel.APP, None).account
        assert (account.code_chosen_at, account.email_validated) == (None, False)
