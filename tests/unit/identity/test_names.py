"""When two spellings are one family name (domain F26): the laws behind the examples."""

import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.identity.domain import names

NAMES = st.text("aàâäbcçdeéèêëfghiîïjklmnñoôöpqrstuùûüvwxyÿzæœłøđßAÉÇŒ", min_size=1, max_size=20)
BETWEEN = st.sampled_from(["", " ", "  ", "-", "'", "’", "\u2010", "\u2011", "\xa0", "."])
ACCENTS = st.sampled_from(["", "", "", "\u0301", "\u0300", "\u0302", "\u0308", "\u0327"])
CASES: st.SearchStrategy[Callable[[str], str]] = st.sampled_from([str.upper, str.lower, str.title, str])


@given(NAMES, st.data())
def test_accents_case_and_separators_never_make_another_name(name: str, data: st.DataObject) -> None:
    decorated = "".join(each + data.draw(ACCENTS) + data.draw(BETWEEN) for each in name)
    cased: str = data.draw(CASES)(data.draw(BETWEEN) + decorated)
    typed = unicodedata.normalize("NFC", cased) if data.draw(st.booleans()) else unicodedata.normalize("NFD", cased)
    assert names.same(typed, name)
    assert names.same(name, typed)


@given(NAMES, st.sampled_from("bcdfghjklmnpqrstvwxz"))
def test_a_letter_more_makes_another_name(name: str, letter: str) -> None:
    assert not names.same(name + letter, name)


@pytest.mark.parametrize(
    ("typed", "known"),
    [
        ("GROSS", "Groß"),
        ("GROSS", "GROẞ"),
        ("LECOEUR", "LeCœur"),
        ("Djokovic", "ĐOKOVIĆ".replace("Đ", "DJ")),
        ("Dokovic", "ĐOKOVIĆ"),
        ("Yildiz", "YILDIZ"),
        ("yıldız", "YILDIZ"),
        ("İNAN", "inan"),
        ("de   la Tour", "DE LA TOUR"),
        ("DE-LA-TOUR", "de La Tour"),
        ("d Artagnan", "d’Artagnan"),
        ("L'Haÿ", "LHAY"),
        ("ﬁne", "FINE"),
    ],
)
def test_ligatures_particles_and_foreign_letters_are_read_as_civil_status_writes_them(typed: str, known: str) -> None:
    assert names.same(typed, known)


@pytest.mark.parametrize(("typed", "known"), [("Tour", "de La Tour"), ("Goff", "Le Goff"), ("Artagnan", "d'Artagnan")])
def test_a_particle_belongs_to_the_name(typed: str, known: str) -> None:
    assert not names.same(typed, known)
