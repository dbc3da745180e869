"""A20: names and addresses are written so that a mail says what its sender does not want, or goes elsewhere."""

from collections.abc import Mapping
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage

import aiohttp
import pytest

from deploy.demo.client import Insured, seen
from deploy.demo.journey import own_code
from deploy.demo.people import RegisterLine
from deploy.demo.upstream import import_register
from tests.abuse.crowd import crowd
from tests.abuse.owners import device, email, number_index, people
from tests.settling import told
from tests.world import World

FIRST, NAMED = "Votre compte est créé : votre code provisoire", "Votre code de connexion a été choisi"
OURS = {"to", "from", "subject", "date", "message-id", "x-notification-id", "auto-submitted", "mime-version"}
OURS |= {"content-type"}
ADDED_ON_THE_WAY = {"received", "return-path"}
HIDDEN = set("\u202e\u2066\u2069\u200f\u200b\u2028\u2029")
# A first and a last name, and how the two may stand in the mail.
NAMES: Mapping[str, tuple[str, str, str]] = {
    "a template": (
        "{{977*983}}",
        "{% for x in [1,2] %}XY{% endfor %}",
        "{{977*983}} {% for x in [1,2] %}XY{% endfor %}",
    ),
    "the way out of a sandbox": ("{{ self.__init__.__globals__ }}", "{{ cycler.__init__ }}", ""),
    "other people's formats": (
        "${977*983}",
        "#{977*983} %(name)s <%= 977*983 %>",
        "${977*983} #{977*983} %(name)s <%= 977*983 %>",
    ),
    "markup": ("<b>Camille</b>", "<img src=x onerror=alert(1)>", "<b>Camille</b> <img src=x onerror=alert(1)>"),
    "text turned around": ("Ca\u202emille\u200f", "ES\u2066SAI\u2069\u200b", "Ca mille ES SAI"),
    "separators of lines": (
        "Camille\u2028Bcc: x@exemple.invalid",
        "ESSAI\u2029",
        "Camille Bcc: x@exemple.invalid ESSAI",
    ),
}
LINES = ("ESSAI\r\nBcc: x@exemple.fr", "ESSAI\nSubject: x", "ESSAI\x00", "E" * 10_240)
ADDRESSES = (
    "a@exemple.invalid\r\nBcc: b@exemple.invalid",
    "a@exemple.invalid, b@exemple.invalid",
    "a@exemple.invalid;b@exemple.invalid",
    "<a@exemple.invalid>",
    'Lucie "a"@exemple.invalid',
    "a@exemple.invalid>\n<b@exemple.invalid",
    "a%b@exemple.invalid@exemple.invalid",
    "a@exemple.invalid\u2028b",
    "{{977*983}} @exemple.invalid",
)


@pytest.fixture(scope="module")
async def called(world: World) -> Mapping[str, RegisterLine]:
    """People whom the register calls by these names."""
    found = {
        kind: replace(person, first_name=first, birth_last_name=last)
        for person, (kind, (first, last, _)) in zip(people(len(NAMES)), NAMES.items(), strict=True)
    }
    await import_register(world.data, [person.line() for person in found.values()])
    return found


@pytest.mark.parametrize("kind", NAMES)
async def test_the_name_of_the_register_stands_in_the_mail_as_text_and_in_no_header(
    world: World, called: Mapping[str, RegisterLine], kind: str
) -> None:
    first, last, shown = NAMES[kind]
    async with device(world, email()) as insured:
        await insured.create_account(**called[kind].form())
        (await insured.first_code(called[kind].nir, await insured.provisional_code())).expect(200)
        await insured.choose_code(own_code())
        await seen(told(insured, NAMED), "the mail that names its reader")
        mails = {mail["Subject"]: mail for mail in await messages(world, insured)}
    assert mails.keys() == {FIRST, NAMED}
    for each in mails.values():
        assert {name.lower() for name in each} - ADDED_ON_THE_WAY == OURS
        assert each["To"] == insured.email
    mail = mails[NAMED]
    text, html = (mail.get_body((form,)) for form in ("plain", "html"))
    assert text is not None
    assert html is not None
    greeting = text.get_content().splitlines()[0]
    assert greeting == f"Bonjour {shown or f'{first} {last}'},"
    for evaluated in ("960391", "XYXY", "<class", "<b>", "<img", "<function"):
        assert evaluated not in html.get_content()
    assert not HIDDEN & set(text.get_content() + html.get_content())


async def test_a_name_with_more_lines_or_pages_comes_neither_by_the_register_nor_by_the_form(world: World) -> None:
    wrong = [replace(person, birth_last_name=name) for person, name in zip(people(len(LINES)), LINES, strict=True)]
    for name in ("wrong: birth_last_name", "not a JSON object"):
        with pytest.raises(RuntimeError, match=name):
            await import_register(world.data, [person.line() for person in wrong])
    numbers = {"nir_index": {"$in": [number_index(world, person.nir) for person in wrong]}}
    assert world.database("identity")["insured"].find_one(numbers) is None
    async with crowd(world, 1) as [stranger]:
        for person in wrong:
            refused = await stranger.post("/accounts", {**person.form(), "email": email()})
            assert refused.status in {400, 422}
            assert person.birth_last_name[:20].encode() not in refused.body


async def test_an_address_that_is_more_than_one_is_no_address(world: World) -> None:
    [person] = people(1)
    await import_register(world.data, [person.line()])
    async with crowd(world, 1) as [stranger], device(world, "b@exemple.invalid") as other:
        before = await other.mailbox.mails(other.email)
        for address in ADDRESSES:
            refused = await stranger.post("/accounts", {**person.form(), "email": address})
            assert (refused.status, refused.json["errors"][0]["pointer"]) == (422, "/email")
            assert address.encode() not in refused.body
        assert await other.mailbox.mails(other.email) == before


async def messages(world: World, insured: Insured) -> list[EmailMessage]:
    """All mails to this person, as they were received."""
    found = []
    async with aiohttp.ClientSession() as http:
        for mail in await insured.mailbox.mails(insured.email):
            async with http.get(f"{world.stack.mailbox}/api/v1/message/{mail['ID']}/raw") as response:
                found.append(message_from_bytes(await response.read(), _class=EmailMessage, policy=policy.default))
    return found
