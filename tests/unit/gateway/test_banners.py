"""What the banners of the home page tell, and when they go."""

import pytest

from contracts.channel import Channel
from contracts.event import Event
from contracts.notifications import EmailKind
from contracts.payments import ComplementaryStatus
from services.gateway.domain.rendering import render
from tests.unit.gateway.builders import (
    a_change_of_address,
    a_closure,
    a_dead_address,
    a_login,
    a_mail,
    a_payment,
    a_reopening,
    a_validation,
    an_account,
    told,
)

TO_SEND = ComplementaryStatus.TO_SEND_YOURSELF


def test_banners_tell_of_payments_to_send_and_of_an_email_that_did_not_arrive() -> None:
    page = render(told(a_mail(delivered=False), a_payment(complementary=TO_SEND)), Channel.WEB, None)
    assert [each.id for each in page.banners.banners] == ["email-failed", "payments-to-send"]
    assert page.counters.payments_to_send == 1


def test_the_banner_about_an_email_goes_once_a_later_one_arrives() -> None:
    assert render(told(a_mail(delivered=False), a_mail()), Channel.WEB, None).banners.banners == ()


@pytest.mark.parametrize("kind", [EmailKind.EMAIL_CHANGED, EmailKind.EMAIL_VALIDATION])
def test_a_mail_about_another_address_says_nothing_of_the_own_one(kind: EmailKind) -> None:
    assert render(told(a_mail(delivered=False, kind=kind)), Channel.WEB, None).banners.banners == ()


def test_a_dead_address_is_said_once_whatever_became_of_the_last_mail() -> None:
    for mail in (a_mail(), a_mail(delivered=False)):
        page = render(told(an_account(), mail, a_dead_address()), Channel.WEB, None)
        [banner] = page.banners.banners
        assert (banner.id, banner.level) == ("email-dead", "warning")
        assert "Depuis le 24/11/2026" in banner.text
        assert "caisse" in banner.text


@pytest.mark.parametrize(
    "news", [a_validation(), a_change_of_address(), an_account(), a_reopening(dropped=True), a_closure()]
)
def test_a_dead_address_is_forgotten_once_it_is_read_or_another_one_holds(news: Event) -> None:
    def is_dead(*events: Event) -> bool:
        home = told(an_account(), a_validation(), a_dead_address(), *events)
        return "email-dead" in [each.id for each in render(home, Channel.WEB, None).banners.banners]

    assert not is_dead(news)
    for other in (a_login(), a_mail(), a_reopening(dropped=False)):
        assert is_dead(other)
    assert is_dead(news, a_dead_address())
