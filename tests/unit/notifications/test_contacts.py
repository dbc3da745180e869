"""Whom mails go to."""

import random

from hypothesis import given
from hypothesis import strategies as st

from contracts.identity import AttemptReason, ResetReason
from services.notifications.domain import contacts
from services.notifications.domain.contacts import Addressee, Contact
from services.notifications.domain.reasons import AccountOpened, AddressDoubted, CodeRenewed, CreationTried
from tests.unit.notifications.builders import NOW, a_mail

LUCIE = Contact("Lucie", "EXEMPLE", "lucie@exemple.invalid", 1, 1)
NEWS = st.sampled_from(["created", "named", "moved", "closed"])
Story = list[tuple[int, str]]


def after(story: Story) -> Contact:
    """The contact after these events of identity, each with its sequence."""
    contact = Contact()
    for sequence, news in story:
        match news:
            case "created":
                contact = contacts.name(contact, f"Lucie {sequence}", "EXEMPLE", sequence)
                contact = contacts.locate(contact, f"{sequence}@exemple.invalid", sequence)
            case "named":
                contact = contacts.name(contact, "Lucie", f"EXEMPLE {sequence}", sequence)
            case "moved":
                contact = contacts.locate(contact, f"{sequence}@exemple.invalid", sequence)
            case _:
                contact = contacts.forget(contact, sequence)
    return contact


@given(st.lists(NEWS, max_size=8), st.randoms(use_true_random=False))
def test_a_contact_ends_the_same_in_any_order_and_with_any_repetition(news: list[str], chance: random.Random) -> None:
    story = list(enumerate(news, 1))
    heard = story + story[: len(story) // 2]
    chance.shuffle(heard)
    assert after(heard) == after(story)


def test_only_a_newer_move_leaves_an_address_behind() -> None:
    assert contacts.left_behind(LUCIE, "new@exemple.invalid", 2) == "lucie@exemple.invalid"
    assert contacts.left_behind(LUCIE, "new@exemple.invalid", 1) is None
    assert contacts.left_behind(LUCIE, "lucie@exemple.invalid", 2) is None
    assert contacts.left_behind(Contact(), "new@exemple.invalid", 1) is None


def test_a_mail_goes_to_its_own_address_or_to_the_known_one_or_waits() -> None:
    assert contacts.addressee(a_mail(to="own@exemple.invalid"), LUCIE) == Addressee(
        "Lucie", "EXEMPLE", "own@exemple.invalid"
    )
    assert contacts.addressee(a_mail(), LUCIE) == Addressee("Lucie", "EXEMPLE", "lucie@exemple.invalid")
    assert contacts.addressee(a_mail(), Contact("Lucie", "EXEMPLE")) is None


def test_whoever_may_be_a_stranger_is_told_no_name() -> None:
    doubted = a_mail(AddressDoubted(), to="own@exemple.invalid")
    assert contacts.addressee(doubted, LUCIE) == Addressee("", "", "own@exemple.invalid")
    taken, exists = AttemptReason.EMAIL_TAKEN, AttemptReason.ACCOUNT_EXISTS
    for about, strangers in (
        (AccountOpened(), True),
        (CodeRenewed(ResetReason.UNUSED), True),
        (CreationTried(taken, NOW, NOW), True),
        (CodeRenewed(ResetReason.FORGOTTEN), False),
        (CreationTried(taken, NOW), False),
        (CreationTried(exists, NOW), False),
    ):
        addressee = contacts.addressee(a_mail(about), LUCIE)
        assert addressee
        assert (addressee.first_name, addressee.last_name) == (("", "") if strangers else ("Lucie", "EXEMPLE"))


def test_no_address_is_shown_by_accident() -> None:
    assert "lucie@" not in repr(LUCIE)
    assert "lucie@" not in repr(contacts.addressee(a_mail(), LUCIE))
