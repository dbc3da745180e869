"""E-mail addresses: the laws behind the examples (domain F09, 3.5), and how often one is written to (A19)."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.identity.domain import email
from services.identity.domain.email import Written
from tests.unit.identity.fakes import NOW, RULES

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LOCALS = st.from_regex(r"[a-z0-9]([a-z0-9+_'-]{0,20}[a-z0-9])?(\.[a-z0-9]{1,10})?", fullmatch=True)
LABELS = st.from_regex(r"[a-z0-9]([a-z0-9]{0,10}[a-z0-9])?", fullmatch=True)
DOMAINS = st.lists(LABELS, min_size=1, max_size=3).map(lambda labels: ".".join([*labels, "invalid"]))
ADDRESSES = st.tuples(LOCALS, DOMAINS).map("@".join)


@given(ADDRESSES, st.sampled_from([str.upper, str.lower, str.title]), st.sampled_from(["", " ", "\t", "\u00a0"]))
def test_case_and_surrounding_spaces_never_make_another_address(address: str, case: object, space: str) -> None:
    typed = space + case(address) + space  # type: ignore[operator]
    assert email.parse(typed).key == email.parse(address).key == address


@given(ADDRESSES, ADDRESSES)
def test_two_addresses_are_one_only_when_they_are_spelt_alike(one: str, other: str) -> None:
    assert (email.parse(one).key == email.parse(other).key) == (one == other)


@given(st.text(max_size=60))
def test_whatever_is_typed_is_refused_or_read_for_good(text: str) -> None:
    try:
        read = email.parse(text)
    except ValueError as refused:
        assert str(refused) in {"not an e-mail address", "a throw-away address"}  # noqa: PT017
    else:
        assert email.parse(read.address) == read
        assert read.address.isascii()
        assert not set(read.address) & set(' \t\r\n\x00<>,;:\\"()[]')
        assert len(read.address) <= email.LONGEST


@pytest.mark.parametrize("domain", ["yopmail.com", "Mailinator.COM", "mail.jetable.org"])
def test_a_throw_away_address_is_refused_and_no_other_of_a_provider_that_people_use(domain: str) -> None:
    with pytest.raises(ValueError, match="throw-away"):
        email.parse(f"lucie@{domain}")
    for kept in ("orange.fr", "laposte.net", "gmail.com", "proton.me", "exemple.fr"):
        assert email.parse(f"lucie@{kept}").key == f"lucie@{kept}"


@given(ADDRESSES)
def test_an_address_is_shown_by_its_first_letter_and_domain_alone(address: str) -> None:
    local, _, domain = address.partition("@")
    assert email.parse(address).masked == f"{local[0]}***@{domain}"
    assert repr(email.parse(address)) == "Email()"


@pytest.mark.parametrize(
    ("typed", "key"), [("a@ÉTÉ.invalid", "a@xn--t-9fab.invalid"), ("A@straße.invalid", "a@strasse.invalid")]
)
def test_a_domain_is_compared_in_its_idna_form(typed: str, key: str) -> None:
    assert email.parse(typed).key == key


def test_an_address_is_written_to_five_times_in_24_hours() -> None:
    written, when = Written(), NOW
    for _ in range(5):
        after = written.once_more(RULES, when)
        assert after
        written, when = after, when + HOUR
    assert written.once_more(RULES, when) is None
    assert written.once_more(RULES, NOW + DAY - timedelta(milliseconds=1)) is None
    assert (again := written.once_more(RULES, NOW + DAY))
    assert len(again.at) == 5
    assert again.once_more(RULES, NOW + DAY) is None


@given(st.lists(st.integers(0, 3 * 24 * 60), max_size=60).map(sorted))
def test_no_24_hours_ever_hold_more_than_five(minutes: list[int]) -> None:
    written, sent = Written(), []
    for minute in minutes:
        now = NOW + timedelta(minutes=minute)
        if after := written.once_more(RULES, now):
            written = after
            sent.append(now)
    for start in sent:
        assert sum(start <= each < start + DAY for each in sent) <= 5
