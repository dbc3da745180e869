"""The rules of the social security number (domain 3.1), with the vectors of domain section 4."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.fr import nir as stdnum_nir

from contracts.birth_date import BirthDate
from services.identity.domain import nir

PERSONAS = [
    "2 85 03 29 990 901 95",
    "1 83 11 31 990 902 25",
    "1 58 07 2A 990 903 54",
    "2 79 04 2B 990 904 20",
    "1 90 09 99 352 905 73",
    "8 96 06 99 351 906 89",
    "2 96 06 99 351 906 01",
    "2 32 05 75 990 907 21",
    "1 07 09 13 990 908 26",
    "2 94 12 69 990 909 68",
    "1 01 01 97 490 910 21",
]
OTHERS = [
    "2 82 02 95 046 199 15",
    "2 85 03 29 990 026 97",
    "2 85 03 29 990 025 01",
    "1 55 20 14 990 911 51",
    "2 63 31 99 134 912 83",
    "1 47 50 75 990 913 50",
    "1 70 99 92 990 914 23",
    "2 50 02 92 990 915 79",
]


@pytest.mark.parametrize("typed", PERSONAS + OTHERS)
def test_valid_numbers_are_read_with_and_without_key(typed: str) -> None:
    compact = typed.replace(" ", "")
    assert nir.parse(typed).body == nir.parse(compact[:13]).body == compact[:13]
    assert nir.parse(typed).key == compact[13:]
    assert stdnum_nir.is_valid(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "2 85 03 29 990 901 96",
        "2 85 03 29 990 901 94",
        "2 85 03 29 990 901 00",
        "1 58 07 2C 990 903 54",
        "1 58 07 2C 990 903",
        "1 58 A7 29 990 903",
        "1 58 07 29 A90 903",
        "A 58 07 29 990 903",
        "1 58 07 A2 990 903",
        "2 85 03 29 990 901 9",
        "28503299909",
        "2 85 03 29 990 901 955",
        *(f"2 85 {month} 29 990 901" for month in ("00", *range(13, 20), 43, 49)),
        "2 85 03 29 990 000",
        "2 85 03 29 000 901",
        "2 85 03 29 991 901",
        "2 85 03 00 990 901",
        "2 85 03 99 000 901",
        "2 85 03 99 991 901",
        "2 85 03 97 400 901",
        "2 85 03 97 491 901",
        "0 85 03 29 990 901",
        "5 85 03 29 990 901",
        "9 85 03 29 990 901",
        "２８５０３２９９９０９０１",
        "٢850329990901",
        "285032999090195\x00",
        "",
        " " * 50 + "285032999090195",
    ],
)
def test_what_is_not_a_number_is_refused_without_being_quoted(typed: str) -> None:
    with pytest.raises(ValueError, match=r"NIR|key") as refused:
        nir.parse(typed)
    assert not typed.strip() or typed.strip() not in str(refused.value)


@pytest.mark.parametrize("typed", ["285032999090196", "285032999090100", "158072A99090355"])
def test_a_wrong_key_is_told_from_a_wrong_form(typed: str) -> None:
    with pytest.raises(ValueError, match="key"):
        nir.parse(typed)


@pytest.mark.parametrize("month", ["01", "12", "20", "31", "42", "50", "99"])
def test_a_month_may_stand_for_an_incomplete_civil_status(month: str) -> None:
    assert nir.parse(f"285{month}29990901")


@pytest.mark.parametrize(("sex", "provisional"), [("1", False), ("2", False), *((d, True) for d in "3478")])
def test_the_first_digit_says_whether_the_number_is_provisional(sex: str, provisional: bool) -> None:
    assert nir.parse(f"{sex}850329990901").provisional is provisional


@pytest.mark.parametrize("digit", ["0", "5", "6", "9"])
def test_obsolete_first_digits_are_refused(digit: str) -> None:
    with pytest.raises(ValueError, match="NIR"):
        nir.parse(f"{digit}850329990901")


@pytest.mark.parametrize(
    "place", ["20004", "2A004", "2B033", "91001", "92990", "94001", "95001", "96001", "97411", "98890"]
)
def test_places_of_before_1976_of_before_independence_and_overseas_stay_valid(place: str) -> None:
    number = nir.parse(f"25503{place}001")
    assert nir.parse(f"25503{place}001{number.key}") == number


@pytest.mark.parametrize(("corsican", "counted"), [("2A", "19"), ("2B", "18")])
def test_the_letters_of_corsica_count_as_19_and_18(corsican: str, counted: str) -> None:
    assert nir.key(f"15807{corsican}990903") == nir.key(f"15807{counted}990903") != nir.key("1580720990903")


def test_a_number_without_key_is_refused_for_its_form_alone() -> None:
    """At log-in 13 characters are enough, so no key can be checked (domain F15)."""
    for last in range(1, 1000):
        assert nir.parse(f"2850329990{last:03}")


def test_a_number_never_shows_itself() -> None:
    assert "285" not in repr(nir.parse("285032999090195"))


PLACES = st.one_of(
    st.tuples(st.sampled_from([f"{n:02}" for n in range(1, 97)] + ["2A", "2B"]), st.integers(1, 990)).map(
        lambda place: f"{place[0]}{place[1]:03}"
    ),
    st.tuples(st.sampled_from(["97", "98"]), st.integers(0, 9), st.integers(1, 90)).map(
        lambda place: f"{place[0]}{place[1]}{place[2]:02}"
    ),
    st.integers(1, 990).map(lambda country: f"99{country:03}"),
)
MONTHS = st.one_of(st.integers(1, 12), st.integers(20, 42), st.integers(50, 99))
CORSICA = st.tuples(st.sampled_from(["2A", "2B"]), st.integers(1, 990)).map(lambda at: f"{at[0]}{at[1]:03}")


def bodies(places: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    parts = st.tuples(st.sampled_from("123478"), st.integers(0, 99), MONTHS, places, st.integers(1, 999))
    return parts.map(lambda part: f"{part[0]}{part[1]:02}{part[2]:02}{part[3]}{part[4]:03}")


BODIES = bodies(PLACES)


@given(BODIES)
def test_the_key_is_between_01_and_97_and_only_it_is_accepted(body: str) -> None:
    right = nir.key(body)
    assert 1 <= int(right) <= 97
    assert right == stdnum_nir.calc_check_digits(body)
    assert nir.parse(body + right).body == body
    for wrong in {"00", "98", f"{int(right) % 97 + 1:02}"}:
        with pytest.raises(ValueError, match="key"):
            nir.parse(body + wrong)


@given(bodies(CORSICA))
def test_corsica_is_the_letter_as_0_less_one_or_two_millions(body: str) -> None:
    less = 1_000_000 if body[6] == "A" else 2_000_000
    assert int(nir.key(body)) == 97 - (int(body[:6] + "0" + body[7:]) - less) % 97


@given(BODIES, st.lists(st.sampled_from([" ", ".", "-", "\xa0", "\u202f", ""]), min_size=13, max_size=13))
def test_separators_and_case_do_not_matter_and_normalising_twice_changes_nothing(body: str, gaps: list[str]) -> None:
    typed = "".join(each + gap for each, gap in zip(body.lower(), gaps, strict=True))
    assert nir.normalised(typed) == nir.normalised(nir.normalised(typed)) == body
    assert nir.parse(typed).body == body


@pytest.mark.parametrize(
    ("number", "born", "contradicts"),
    [
        ("2850329990901", "1985-03-14", False),
        ("2850329990901", "1885-03-14", False),
        ("2850329990901", "1985-03-00", False),
        ("2850329990901", "1985-00-00", False),
        ("2850329990901", "1985-04-14", True),
        ("2850329990901", "1984-03-14", True),
        ("2850329990901", "1984-00-00", True),
        ("7850329990901", "1960-01-01", False),
        ("8960699351906", "1960-01-01", False),
    ],
)
def test_a_number_contradicts_a_birth_date_of_another_year_or_month_unless_it_is_provisional(
    number: str, born: str, contradicts: bool
) -> None:
    assert nir.parse(number).contradicts(BirthDate.read(born)) is contradicts


@pytest.mark.parametrize("month", [20, 31, 42, *range(50, 100, 7), 99])
def test_a_month_of_an_incomplete_civil_status_contradicts_no_birth_date(month: int) -> None:
    assert not nir.parse(f"155{month}14990911").contradicts(BirthDate.read("1960-01-01"))


@given(st.text(max_size=30))
def test_normalising_anything_twice_changes_nothing(text: str) -> None:
    assert nir.normalised(nir.normalised(text)) == nir.normalised(text)
