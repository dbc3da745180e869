"""The rules of the home page: what it shows, and that the order of events does not matter."""

import random
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.channel import Channel
from contracts.event import EVENT_TYPES, Event
from contracts.identity import LogInWay
from contracts.notifications import EmailKind
from contracts.payments import ComplementaryStatus, PaymentKind
from contracts.procedures import RequestState
from services.gateway.consumers import consumers
from services.gateway.domain.home import Home, apply
from services.gateway.domain.page import Status, marked_stale
from services.gateway.domain.parameters import months_before
from services.gateway.domain.rendering import Caisse, render
from tests.unit.gateway.builders import (
    LUCIE,
    NOW,
    Arrived,
    a_change_of_address,
    a_chosen_code,
    a_closure,
    a_dead_address,
    a_freeze,
    a_login,
    a_mail,
    a_move,
    a_new_name,
    a_payment,
    a_reopening,
    a_validation,
    an_account,
    an_order,
    payment_id,
    source_of,
    told,
)

BREST = Caisse("CPAM du Finistère", "Brest", "36 46")
TO_SEND = ComplementaryStatus.TO_SEND_YOURSELF


@st.composite
def payments(draw: st.DrawFn) -> list[Event]:
    """Payments of a person, each told once."""
    numbers = draw(st.lists(st.integers(1, 30), unique=True, max_size=12))
    return [
        a_payment(
            number,
            payment_date=draw(st.dates(date(2026, 3, 1), date(2026, 11, 24))),
            amount_cents=draw(st.integers(-5000, 50000)),
            complementary=draw(st.sampled_from(ComplementaryStatus)),
        )
        for number in numbers
    ]


@st.composite
def stories(draw: st.DrawFn) -> list[Arrived]:
    """What the services say of one person, each event with its sequence in its service."""
    others = st.one_of(
        st.builds(an_account, caisse=st.sampled_from(["29", "31"])),
        st.builds(a_validation),
        st.builds(a_change_of_address),
        st.builds(a_freeze),
        st.builds(a_reopening, dropped=st.booleans()),
        st.builds(a_dead_address),
        st.builds(a_move, st.sampled_from(["31", "75"])),
        st.builds(a_new_name, st.sampled_from(["EXEMPLE", "EXEMPLE-FICTIVE"])),
        st.builds(a_closure),
        st.builds(a_chosen_code),
        st.builds(
            a_login,
            st.integers(1, 5),
            previous=st.none() | st.just(NOW),
            way=st.sampled_from(LogInWay),
            failed=st.integers(0, 3),
        ),
        st.builds(an_order, st.integers(1, 3), state=st.sampled_from(RequestState)),
        st.builds(
            a_mail, delivered=st.booleans(), kind=st.sampled_from([EmailKind.CARD_ORDERED, EmailKind.ACCOUNT_CLOSED])
        ),
    )
    events = draw(st.permutations([*draw(payments()), *draw(st.lists(others, max_size=12))]))
    sequences: dict[str, int] = {}
    arrived = []
    for event in events:
        source = source_of(event)
        sequences[source] = sequences.get(source, 0) + 1
        arrived.append((event, source, sequences[source]))
    return arrived


def after(arrivals: list[Arrived]) -> Home:
    """The home page after these arrivals; an event's instant follows from its place, as an envelope's does."""
    home = Home(LUCIE)
    for event, source, sequence in arrivals:
        time = NOW - timedelta(days=200 - 20 * sequence) + timedelta(seconds=len(source))
        home = apply(home, event, source=source, sequence=sequence, time=time)
    return home


@given(stories(), st.randoms(use_true_random=False), st.integers(0, 10))
def test_the_home_page_ends_the_same_in_any_order_and_with_any_repetition(
    story: list[Arrived], chance: random.Random, repeats: int
) -> None:
    arrivals = story + [chance.choice(story) for _ in range(repeats if story else 0)]
    chance.shuffle(arrivals)

    home = after(arrivals)

    assert home == after(story)
    for channel in Channel:
        assert render(home, channel, BREST) == render(after(story), channel, BREST)


@given(payments())
def test_the_latest_payments_are_the_five_newest_by_payment_date(paid: list[Event]) -> None:
    newest = sorted(((each.payment_date, each.payment_id) for each in paid), reverse=True)[:5]  # type: ignore[attr-defined]
    assert [(each.value.payment_date, each.value.payment_id) for each in told(*paid).latest_payments()] == newest


def test_old_news_of_a_request_change_nothing_once_newer_ones_are_known() -> None:
    shipped = an_order(state=RequestState.SHIPPED)
    home = apply(Home(LUCIE), shipped, source="procedures", sequence=2, time=NOW)

    late = apply(home, an_order(), source="procedures", sequence=1, time=NOW - timedelta(days=1))

    assert late == home


def test_a_closed_request_is_no_longer_in_progress() -> None:
    assert len(told(an_order()).open_requests()) == 1
    assert told(an_order(), an_order(state=RequestState.CLOSED)).open_requests() == ()


def test_payments_to_send_are_those_of_the_last_six_months_however_many_came_since() -> None:
    old = a_payment(1, payment_date=date(2026, 5, 23), complementary=TO_SEND)
    kept = a_payment(2, payment_date=date(2026, 5, 24), complementary=TO_SEND)
    home = told(old, kept, *(a_payment(number) for number in range(3, 9)))

    assert [each.payment_id for each in home.payments_to_send()] == [payment_id(2)]
    assert len(home.payments) == 6


@pytest.mark.parametrize(
    ("day", "earlier"),
    [
        (date(2026, 8, 31), date(2026, 2, 28)),
        (date(2028, 8, 31), date(2028, 2, 29)),
        (date(2026, 1, 15), date(2025, 7, 15)),
        (date(2026, 12, 1), date(2026, 6, 1)),
    ],
)
def test_six_months_before_ends_with_the_month(day: date, earlier: date) -> None:
    assert months_before(day, 6) == earlier


def test_the_previous_log_in_is_shown_not_the_current_one() -> None:
    page = render(told(a_login(previous=datetime(2019, 6, 20, 13, 38, tzinfo=UTC), failed=2)), Channel.WEB, None)

    assert page.previous_login.label == "Dernière connexion : 20/06/2019 à 15:38 (sur le site)"
    assert page.previous_login.failed_attempts == 2


@pytest.mark.parametrize(
    ("way", "shown"),
    [
        (LogInWay.FRANCECONNECT, "sur le site, par FranceConnect"),
        (LogInWay.PASSKEY, "sur le site, avec une clé d'accès"),
    ],
)
def test_the_previous_log_in_is_shown_with_its_way_unless_it_was_a_code(way: LogInWay, shown: str) -> None:
    login = render(told(a_login(previous=NOW, way=way)), Channel.WEB, None).previous_login
    assert login.way is way
    assert login.label == f"Dernière connexion : 24/11/2026 à 11:00 ({shown})"


def test_the_first_log_in_has_none_before_it() -> None:
    login = render(told(a_login()), Channel.WEB, None).previous_login
    assert (login.status, login.label) == (Status.OK, None)


def test_a_recovery_is_shown_with_a_minus() -> None:
    recovered = a_payment(kind=PaymentKind.RECOVERY, amount_cents=-200)
    [line] = render(told(recovered), Channel.WEB, None).latest_payments.payments
    assert (line.sign, line.amount_cents, line.kind_label) == ("–", -200, "Récupération")


def test_a_closed_account_leaves_nothing_that_was_said_of_it() -> None:
    before = (an_account(), a_validation(), a_chosen_code(), a_login(previous=NOW), a_mail(delivered=False))
    page = render(told(*before, a_payment(), a_closure()), Channel.WEB, None)

    said = page.model_dump_json(exclude={"latest_payments"})
    assert all(word not in said for word in ("Lucie", "EXEMPLE", "connexion :", "Brest"))
    assert {page.account.status, page.previous_login.status, page.caisse.status} == {Status.UNAVAILABLE}
    assert page.banners.banners == ()
    assert len(page.latest_payments.payments) == 1


def test_an_account_that_starts_over_after_its_end_is_shown_again() -> None:
    page = render(told(an_account(), a_closure(), an_account(first_name="Lucile")), Channel.WEB, None)
    assert page.account.first_name == "Lucile"


def test_the_home_page_calls_the_person_by_the_newest_name() -> None:
    renamed = told(an_account(), a_new_name("FICTIVE"))
    page = render(renamed, Channel.WEB, None)
    assert (page.account.first_name, page.account.last_name) == ("Lucie", "FICTIVE")
    assert page.account.as_of == NOW + timedelta(seconds=1)
    again = render(told(an_account(), a_new_name("FICTIVE"), an_account(last_name="AUTRE")), Channel.WEB, None)
    assert again.account.last_name == "AUTRE"
    assert render(told(a_new_name("FICTIVE")), Channel.WEB, None).account.status is Status.UNAVAILABLE


OF_THE_CLOSED = [(an_account(), 1), (a_validation(), 2), (a_login(previous=NOW, failed=3), 3)]
OF_THE_NEXT = [(a_closure(), 4), (an_account(first_name="Lucile", caisse="31"), 5), (a_login(previous=None), 6)]
OF_THE_PERSON = [(a_payment(), 1), (an_order(), 1), (a_mail(delivered=False, kind=EmailKind.ACCOUNT_CLOSED), 9)]


@given(st.permutations([*OF_THE_CLOSED, *OF_THE_NEXT, *OF_THE_PERSON]))
def test_whoever_closed_an_account_and_comes_back_finds_the_new_one_and_the_old_payments_in_any_order(
    story: list[tuple[Event, int]],
) -> None:
    expected = after([(event, source_of(event), sequence) for event, sequence in (*OF_THE_NEXT, *OF_THE_PERSON)])

    assert after([(event, source_of(event), sequence) for event, sequence in story]) == expected

    page = render(expected, Channel.WEB, BREST)
    assert (page.account.first_name, page.account.email_validated, page.caisse.code) == ("Lucile", False, "31")
    assert (page.previous_login.label, page.previous_login.failed_attempts) == (None, 0)
    assert (len(page.latest_payments.payments), len(page.requests_in_progress.requests)) == (1, 1)
    assert [each.id for each in page.banners.banners] == ["add-email"]


def test_an_account_opened_by_franceconnect_needs_no_address_at_first() -> None:
    unwritten = an_account(email=None, provisional_code=None, code_expires_at=None)
    assert not render(told(unwritten), Channel.WEB, None).account.email_validated
    assert render(told(unwritten, a_change_of_address()), Channel.WEB, None).account.email_validated


def test_each_block_says_how_fresh_it_is() -> None:
    page = render(told(an_account(), a_payment(), a_validation()), Channel.WEB, BREST)

    assert page.account.as_of == NOW + timedelta(seconds=2)
    assert page.latest_payments.as_of == NOW + timedelta(seconds=1)
    assert page.as_of == NOW + timedelta(seconds=2)
    assert (page.account.email_validated, page.caisse.name) == (True, "CPAM du Finistère")


def test_nothing_is_known_of_a_person_whose_events_have_not_arrived() -> None:
    page = render(Home(LUCIE), Channel.WEB, None)

    blocks = {page.account, page.previous_login, page.latest_payments, page.requests_in_progress, page.caisse}
    assert {block.status for block in blocks} == {Status.UNAVAILABLE}
    assert page.as_of is None
    assert page.menu.entries


def test_only_the_blocks_that_a_late_service_tells_are_stale() -> None:
    prepared = render(told(an_account(), a_payment(), an_order()), Channel.WEB, BREST).model_dump(mode="json")

    page = marked_stale({**prepared, "from_another_version": None}, ["procedures"])

    assert (page["requests_in_progress"]["status"], page["counters"]["status"]) == ("stale", "stale")
    assert (page["account"]["status"], page["latest_payments"]["status"]) == ("ok", "ok")
    assert page["agenda"]["status"] == "unavailable"


def test_everything_a_service_says_of_a_person_moves_the_home_page() -> None:
    services = ("identity", "payments", "procedures", "notifications")
    said = {name for name in EVENT_TYPES if name.partition(".")[0] in services}
    assert said == set(consumers.reactions)


def test_the_whole_page_of_the_app_is_small() -> None:
    home = told(an_account(), *(a_payment(number) for number in range(1, 9)), *(an_order(each) for each in range(5)))
    assert len(render(home, Channel.APP, BREST).model_dump_json()) < 60_000
