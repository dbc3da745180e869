"""E-mail addresses: the laws behind the examples (domain F09, 3.5), and how often one is written to (A19)."""

import unicodedata
from datetime import timedelta

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from services.identity.domain import email
from services.identity.domain.email import Written
from tests.unit.identity.fakes import NOW, RULES

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LOCALS = st.from_regex(r"[a-z0-9]([a-z0-9+_'-]{0,20}[a-z0-9])?(\.[a-z0-9]{1,10})?", fullmatch=True)
LABELS = st.from_regex(r"[a-z0-9]([a-z0-9]{0,10}[a-z0-9])?", fullmatch=True)
DOMAINS = st.lists(LABELS, min_size=1, max_size=3).map(lambda labels: ".".join([*labels, "invalid"]))
# Latin, Greek and Cyrillic letters that IDNA 2003 knew and IDNA 2008 reads alike; it refuses the Catalan Ŀ by itself.
LETTERS = st.characters(categories=["Ll", "Lu"], max_codepoint=0x1FFF, exclude_characters="ßςĿŀ").filter(
    lambda each: not 0x52F < ord(each) < 0x1E00 and unicodedata.ucd_3_2_0.category(each) != "Cn"
)
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
    ("typed", "key"),
    [
        ("a@ÉTÉ.invalid", "a@xn--t-9fab.invalid"),
        ("a@e\u0301te\u0301。invalid", "a@xn--t-9fab.invalid"),
        ("A@straße.invalid", "a@xn--strae-oqa.invalid"),
        ("a@STRAẞE.invalid", "a@xn--strae-oqa.invalid"),
        ("a@strasse.invalid", "a@strasse.invalid"),
        ("a@βόλος.invalid", "a@xn--nxasmm1c.invalid"),
        ("a@βόλοσ.invalid", "a@xn--nxasmq6b.invalid"),
        ("a@r3---sn.été.invalid", "a@r3---sn.xn--t-9fab.invalid"),
    ],
)
def test_a_domain_is_the_one_that_is_registered_for_what_was_typed(typed: str, key: str) -> None:
    assert email.parse(typed).key == email.parse(key).key == key


@pytest.mark.parametrize("domain", ["xn--strae-oqa.invalid", "XN--T-9FAB.invalid", "xn--a.invalid", "ab--cd.invalid"])
def test_a_domain_of_ascii_is_a_name_already(domain: str) -> None:
    assert email.parse(f"a@{domain}").key == f"a@{domain.lower()}"


@pytest.mark.parametrize(
    "domain",
    [
        *(
            "a_b.invalid",
            "é_b.invalid",
            "été..invalid",
            "-é.invalid",
            "☃.invalid",
            "a\u200cb.invalid",
            "\ud800.invalid",
        ),
        *("é" * 60 + ".invalid", "é." * 100 + "invalid", "été＠été.invalid", "été℀.invalid", "0\u0660.invalid"),
    ],
)
def test_a_domain_that_nobody_can_register_is_refused(domain: str) -> None:
    with pytest.raises(ValueError, match="not an e-mail address"):
        email.parse(f"a@{domain}")


@given(st.lists(st.text(LETTERS, min_size=1, max_size=8), min_size=1, max_size=3).map(".".join))
def test_an_address_kept_before_idna_2008_is_found_again_unless_its_letters_mean_another_domain(domain: str) -> None:
    try:
        before = f"{domain}.invalid".encode("idna").decode().lower()
    except UnicodeError:
        reject()
    assert email.parse(f"a@{domain}.invalid").key == f"a@{before}"


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
