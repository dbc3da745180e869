"""Who did what with a person's data: every fact once, newest first, for that person alone."""

from datetime import datetime
from unittest.mock import patch
from uuid import UUID, uuid4

from contracts.acting import Doer
from contracts.channel import Channel
from contracts.event import Event
from contracts.identity import CodeChosen, LoggedIn, LogIn, LogInBlocked, LogInWay
from contracts.payments import PaymentsViewed
from services.identity import handlers
from services.identity.domain.access_log import Entry, Page, Position, What, Who
from services.identity.handlers import access_log
from services.identity.handlers.access_log import PAGE
from tests.unit.identity.fakes import LUCIE, MARC, NOW
from tests.unit.identity.scenarios.told import DAY, HOUR, MINUTE, scenario
from tests.unit.identity.scene import Scene

SESSION = uuid4()


async def note(scene: Scene, event: Event, *, event_id: UUID | None = None, at: datetime = NOW) -> None:
    """The event arrives."""
    await scene.run(handlers.note_access, handlers.NoteAccess(event, event_id or uuid4(), at))


async def read(scene: Scene, person: UUID = LUCIE, after: Position | None = None) -> Page:
    """A person looks at their log."""
    page: Page = await scene.run(handlers.read_access_log, handlers.ReadAccessLog(person, after))
    return page


def chosen(person: UUID = LUCIE) -> CodeChosen:
    """A fact that is like any other."""
    return CodeChosen(person_id=person, chosen_at=NOW, channel=Channel.WEB)


@scenario
async def the_log_says_who_did_what_when_and_how(scene: Scene) -> None:
    log_in = LogIn(at=NOW, channel=Channel.APP, way=LogInWay.PASSKEY)
    await note(
        scene,
        LoggedIn(
            person_id=LUCIE,
            session_id=SESSION,
            current=log_in,
            previous=None,
            failed_attempts_since=3,
            new_device=True,
        ),
    )
    viewed = PaymentsViewed(person_id=LUCIE, session_id=SESSION, channel=Channel.WEB, viewer=Doer.AGENT, viewed_at=NOW)
    await note(scene, viewed, at=NOW + MINUTE)
    blocked = LogInBlocked(person_id=LUCIE, failed_attempts=5, until=None, blocked_at=NOW)
    await note(scene, blocked, at=NOW + HOUR)
    third, second, first = (await read(scene)).entries
    assert (first.service, first.what, first.who, first.at) == ("identity", What.LOGGED_IN, Who.SELF, NOW)
    assert (first.channel, first.way, first.session_id) == (Channel.APP, LogInWay.PASSKEY, SESSION)
    assert (first.failed_attempts, first.expires_at) == (3, NOW + 365 * DAY)
    assert (second.service, second.what, second.who) == ("payments", What.PAYMENTS_VIEWED, Who.AGENT)
    assert (third.what, third.who, third.failed_attempts) == (What.LOG_IN_BLOCKED, Who.STRANGER, 5)


@scenario
async def a_fact_that_comes_twice_is_noted_once(scene: Scene) -> None:
    event_id = uuid4()
    for at in (NOW, NOW + MINUTE):
        await note(scene, chosen(), event_id=event_id, at=at)
    [entry] = (await read(scene)).entries
    assert (entry.id, entry.at) == (event_id, NOW)


@scenario
async def the_pages_hold_every_entry_once_newest_first_and_nobody_elses(scene: Scene) -> None:
    await note(scene, chosen(MARC))
    for number in range(PAGE + 5):
        await note(scene, chosen(), at=NOW + (number // 2) * MINUTE)
    first = await read(scene)
    second = await read(scene, after=first.next_position)
    assert (len(first.entries), len(second.entries), second.next_position) == (PAGE, 5, None)
    places = [(entry.at, str(entry.id)) for entry in (*first.entries, *second.entries)]
    assert places == sorted(set(places), reverse=True)
    assert len((await read(scene, MARC)).entries) == 1


@scenario
async def the_whole_log_comes_in_pieces_every_entry_once_newest_first_and_nobody_elses(scene: Scene) -> None:
    await note(scene, chosen(MARC))
    for number in range(14):
        await note(scene, chosen(), at=NOW + (number // 3) * MINUTE)
    with patch.object(access_log, "PIECE", 7):
        whole = await export(scene)
        rest = await export(scene, after=Position(whole[4].at, whole[4].id))
    places = [(entry.at, str(entry.id)) for entry in whole]
    assert places == sorted(set(places), reverse=True)
    assert (len(whole), {entry.person_id for entry in whole}) == (14, {LUCIE})
    assert rest == whole[5:]
    assert await export(scene, uuid4()) == []


async def export(scene: Scene, person: UUID = LUCIE, after: Position | None = None) -> list[Entry]:
    """A person takes their log along."""
    found: list[Entry] = await scene.run(handlers.export_access_log, handlers.ReadAccessLog(person, after))
    return found
