"""A12: numbers, codes, addresses and tokens go through every journey, and are found nowhere that people look."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import aiohttp
from aiokafka import AIOKafkaProducer

from contracts.envelope import Envelope, encode
from deploy.demo.client import Insured
from deploy.demo.journey import Journey, own_code
from deploy.demo.mailbox import NOT_ME, SECOND_CODE, VALIDATION
from deploy.demo.people import RegisterLine, somebody_new
from deploy.demo.upstream import import_register
from deploy.embedded import idp
from tests.abuse.figures import say
from tests.abuse.owners import device, email, people
from tests.abuse.places import everywhere, found
from tests.infra import until
from tests.settling import somebody
from tests.world import World

IBAN = "FR5912345123450000DEMO00115"
WRONG = "7391846205"
POISON = "184071399099918"
INBOUND = "payments.inbound"
TOPICS = ("identity.events", "payments.events", "procedures.events", "notifications.events", INBOUND, f"{INBOUND}.dead")


@dataclass
class Canaries:
    """What must not be found, by name: `mailed` may stand in the e-mail that brings it, the rest in none."""

    secret: dict[str, str] = field(default_factory=dict)
    mailed: dict[str, str] = field(default_factory=dict)

    @property
    def all(self) -> Mapping[str, str]:
        """All of them."""
        return {**self.secret, **self.mailed}


async def test_canaries_of_every_journey_are_in_no_topic_log_span_metric_dead_letter_nor_clear_in_a_database(
    world: World,
) -> None:
    canaries = Canaries()
    # Nobody else has the name of whom FranceConnect vouches for.
    person, other = (replace(each, iban=IBAN, birth_last_name=somebody().birth_last_name) for each in people(2))
    other = replace(other, iban=somebody_new().iban)
    await import_register(world.data, [person.line(), other.line()])
    async with device(world, email()) as browser, device(world, email(), app=True) as phone:
        await by_the_form(world, person, browser, canaries)
        await by_card_and_bank_account(world, other, phone, canaries)
        mails = await all_mails(browser, canaries) + await all_mails(phone, canaries)
    await send_poison(world, person.person_id)
    canaries.secret["poison"] = POISON
    places = await everywhere(world)
    assert not [place for place, content in places.items() if not content and not place.startswith("topic")]
    assert all(places[f"topic {name}"] for name in TOPICS)
    assert POISON.encode() in places[f"topic {INBOUND}"]
    assert mails
    everything = found(canaries.all, places) + found(canaries.secret, {"mails": mails.encode()})
    hits = [hit for hit in everything if hit != (f"topic {INBOUND}", "poison")]
    size = sum(map(len, places.values()))
    say("A12", f"{len(canaries.all)} canaries, {len(places)} places, {size / 1e6:.1f} MB, {len(hits)} hits")
    assert not hits, f"(place, canary): {hits}"


async def by_the_form(world: World, person: RegisterLine, browser: Insured, canaries: Canaries) -> None:
    """The main job, then another device, another address, and FranceConnect."""
    journey = world.journey(person, browser)
    await journey.create()
    canaries.secret |= {"nir": person.nir, "iban": IBAN, "address": browser.email, "wrong code": WRONG}
    canaries.mailed["first code"] = await browser.provisional_code()
    await journey.first_log_in()
    await journey.choose_code()
    canaries.secret["first own code"] = journey.code
    await browser.first_code(person.nir, WRONG)
    await browser.call("POST", "/accounts", {**person.form(), "email": person.nir, "surprise": IBAN})
    await journey.log_in()
    await journey.see_payments()
    await journey.order_card()
    await journey.see_confirmation()
    await journey.forget_code()
    canaries.mailed["second first code"] = await browser.provisional_code(count=2)
    canaries.secret["second own code"] = journey.code
    await on_another_device(world, journey, browser, canaries)
    await at_another_address(journey, browser, canaries)
    await through_franceconnect(world, person, browser, canaries)


async def on_another_device(world: World, journey: Journey, browser: Insured, canaries: Canaries) -> None:
    """A second code, and the tokens of an application."""
    async with device(world, browser.email, app=True) as phone:
        asked = (await phone.first_code(journey.person.nir, journey.code)).expect(202).body
        second = await phone.mailed(SECOND_CODE, "the second code")
        inside = (await phone.second_code(asked["challenge_id"], second)).expect(200).body
    canaries.mailed["second code"] = second
    canaries.secret["challenge"] = asked["challenge_id"]
    canaries.secret |= {name: inside[name] for name in ("access_token", "refresh_token", "device_token")}


async def at_another_address(journey: Journey, browser: Insured, canaries: Canaries) -> None:
    """A change of address, validated."""
    new = email()
    (await browser.call("PUT", "/me/email", {"email": new, "current_code": journey.code})).expect(202)
    canaries.secret["new address"] = new
    canaries.mailed["validation"] = await browser.mailed(VALIDATION, "the mail to the new address", to=new)
    (await browser.validate_email(new)).expect(200)


async def through_franceconnect(world: World, person: RegisterLine, browser: Insured, canaries: Canaries) -> None:
    """A log-in there, linked to the account."""
    sub = f"canary-{person.person_id}"
    await idp.remember(world.data, world.stack.idp, person.pivot(sub))
    async with aiohttp.ClientSession() as http:
        left = await browser.leave_for_franceconnect()
        back = await idp.sign_in(http, left, sub)
    asked, brought = parse_qs(urlsplit(left).query), parse_qs(urlsplit(back).query)
    canaries.secret |= {
        "sub": sub,
        "state": asked["state"][0],
        "nonce": asked["nonce"][0],
        "fc code": brought["code"][0],
    }
    (await browser.come_back_from_franceconnect(back)).expect(302)
    (await browser.call("POST", "/me/franceconnect")).expect(204)


async def by_card_and_bank_account(world: World, person: RegisterLine, phone: Insured, canaries: Canaries) -> None:
    """An account made in the application, and frozen by the link of a mail."""
    await phone.create_account_in_app(**person.card_form())
    canaries.secret |= {"app nir": person.nir, "app iban": person.iban or "", "serial": person.vitale_serial or ""}
    canaries.secret["app address"] = phone.email
    canaries.mailed["app code"] = await phone.provisional_code()
    inside = (await phone.first_code(person.nir, canaries.mailed["app code"])).expect(200).body
    canaries.secret |= {"app refresh": inside["refresh_token"], "app device": inside["device_token"]}
    code = own_code()
    canaries.secret["app own code"] = code
    await phone.choose_code(code)
    token = await phone.mailed(NOT_ME, "a mail with the link “ce n'est pas moi”")
    canaries.mailed["freeze"] = token
    (await phone.call("POST", "/account-freezes", {"token": token})).expect(200)


async def all_mails(insured: Insured, canaries: Canaries) -> str:
    """All texts that were written to this person, at each of their addresses."""
    addresses = [value for name, value in canaries.secret.items() if name.endswith("address")]
    mails = [mail for each in addresses for mail in await insured.mailbox.mails(each)]
    return "\n".join([await insured.mailbox.text(mail) for mail in mails])


async def send_poison(world: World, key: str) -> None:
    """Two messages that nobody can use: one that is no JSON, one whose data is wrong; both quote a NIR."""
    wrong = Envelope("poison", "caisse.CareSettled.v1", "/caisse", "x", key, datetime.now(UTC), {"person_id": POISON})
    letters = len((await world.topics()).get(f"{INBOUND}.dead", []))
    async with AIOKafkaProducer(bootstrap_servers=world.stack.kafka) as producer:
        for value in (f"nir={POISON} {key}".encode(), encode(wrong)):
            await producer.send_and_wait(INBOUND, value, key=key.encode())

    async def two_more() -> bool:
        return len((await world.topics()).get(f"{INBOUND}.dead", [])) >= letters + 2

    await until(two_more, "two dead letters")
