"""A19: somebody's mailbox is filled by forms that anybody can send."""

from collections import Counter
from functools import partial

from deploy.demo.client import Insured
from deploy.demo.upstream import import_register
from tests.abuse.crowd import Stranger, at_once, crowd
from tests.abuse.figures import say
from tests.abuse.owners import device, email, owners, people
from tests.abuse.places import quiet
from tests.abuse.scale import scaled
from tests.abuse.telling import form
from tests.world import World

REQUESTS = scaled(1000, 24)
# A request that has to be sent twice counts twice.
A_NETWORK_CREATES, A_NETWORK_RESETS = 8, 16
AN_HOUR, A_DAY = 3, 5


async def test_a_thousand_forgotten_codes_of_one_number_bring_3_mails(world: World) -> None:
    async with owners(world, 1) as [owner], crowd(world, -(-REQUESTS // A_NETWORK_RESETS)) as strangers:
        before = await mails(world, owner.browser)
        asked = {"nir": owner.nir, "birth_date": owner.person.birth_date}
        calls = [partial(_turn(strangers, at).insist, "/code-resets", asked) for at in range(REQUESTS)]
        heard = await at_once(calls, most=4)
        more = await mails(world, owner.browser) - before
        say("A19", f"{REQUESTS} forgotten codes of one number: {more} mails")
        assert len({form(each) for each in heard}) == 1, Counter(each.status for each in heard)
        assert 1 <= more <= AN_HOUR
        (await owner.browser.first_code(owner.nir, owner.code)).expect(200)


async def test_a_thousand_numbers_with_one_address_bring_5_mails(world: World) -> None:
    persons = people(REQUESTS)
    await import_register(world.data, [each.line() for each in persons])
    async with device(world, email()) as victim, crowd(world, -(-REQUESTS // A_NETWORK_CREATES)) as strangers:
        calls = [
            partial(_turn(strangers, at).insist, "/accounts", {**each.form(), "email": victim.email})
            for at, each in enumerate(persons)
        ]
        heard = await at_once(calls, most=4)
        count = await mails(world, victim)
    say("A19", f"{REQUESTS} numbers with one address: {count} mails")
    assert len({form(each) for each in heard}) == 1, Counter(each.status for each in heard)
    assert 1 <= count <= A_DAY


async def test_a_thousand_creations_of_an_account_that_exists_bring_3_mails(world: World) -> None:
    async with owners(world, 1) as [owner], crowd(world, -(-REQUESTS // A_NETWORK_CREATES)) as strangers:
        before = await mails(world, owner.browser)
        calls = [
            partial(_turn(strangers, at).insist, "/accounts", {**owner.person.form(), "email": email()})
            for at in range(REQUESTS)
        ]
        heard = await at_once(calls, most=4)
        more = await mails(world, owner.browser) - before
    say("A19", f"{REQUESTS} creations of an account that exists: {more} mails")
    assert len({form(each) for each in heard}) == 1, Counter(each.status for each in heard)
    assert 1 <= more <= AN_HOUR


def _turn(strangers: list[Stranger], at: int) -> Stranger:
    return strangers[at % len(strangers)]


async def mails(world: World, insured: Insured) -> int:
    """How many mails the person has got, once all that was said has been written and sent."""
    await quiet(world)
    return len({mail["MessageID"] for mail in await insured.mailbox.mails(insured.email)})
