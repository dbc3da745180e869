"""The steps in which the scenarios are told: each is one transaction, as at the API."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID, uuid5

from contracts.birth_date import BirthDate
from contracts.event import Event
from services.identity import handlers
from services.identity.domain import access_log, email
from services.identity.domain import challenge as challenges
from services.identity.domain.access_code import AccessCode
from services.identity.domain.access_log import NOTED, What, Who
from services.identity.domain.account import InvalidCredentials, Letter
from services.identity.domain.challenge import Challenge
from services.identity.domain.device import Shown
from services.identity.domain.insured import InsuredPerson, RegisterEntry
from services.identity.domain.nir import Nir
from services.identity.domain.proof import Claim
from services.identity.domain.session import Client, Session
from services.identity.handlers.profile import Profile
from tests.unit.identity.fakes import LUCIE, NOW, RULES, SECOND, FakeStore, hash_of, issued, sealed

R = TypeVar("R")


class Scene:
    """Lucie, Marc and strangers using one store: each step is one transaction, as at the API.

    `run(handler, command)` is the unit of work; times are given, ids follow from names.
    """

    def __init__(self, run: Callable[..., Awaitable[Any]], events: Callable[[], Awaitable[Sequence[Event]]]) -> None:
        self.run = run
        self._events = events
        self._shown: dict[str, Shown] = {}

    async def register(self, *people: InsuredPerson) -> None:
        """The caisse insures these people."""
        await self.insure(*(RegisterEntry(person) for person in people))

    async def insure(self, *entries: RegisterEntry, now: datetime = NOW) -> None:
        """The same, with their bank accounts and cards."""
        for entry in entries:
            await self.run(handlers.import_insured, handlers.ImportInsured(entry, sealed, now))

    async def create(self, person: InsuredPerson, address: str, code: str, *, now: datetime = NOW, **but: Any) -> None:
        """Somebody fills in the form with this person's details."""
        claim = replace(Claim(person.birth_last_name, person.birth_date, person.postal_code), **but)
        letter = Letter(sealed(address), issued(code))
        command = handlers.CreateAccount(person.nir, claim, email.parse(address), letter, now)
        await self.run(handlers.create_account, command)

    async def reset(
        self,
        person: InsuredPerson,
        code: str,
        *,
        now: datetime = NOW,
        birth_date: BirthDate | None = None,
        device: str = "home",
        waiting: UUID | None = None,
    ) -> str | None:
        """Somebody says that they forgot the code; the caisse that they are sent to instead of promising a mail."""
        shown = self._shown.get(device)
        command = handlers.ResetCode(person.nir, birth_date or person.birth_date, issued(code), shown, now, waiting)
        caisse: str | None = await self.run(handlers.reset_code, command)
        return caisse

    async def log_in(
        self,
        number: Nir,
        code: str,
        name: str = "device",
        *,
        now: datetime = NOW,
        client: Client = Client.WEB,
        token: str = "",
        device: str = "home",
    ) -> Session:
        """Somebody logs in, with the second code where one is asked for, and gets the session of that name.

        `device` is what they do it on: it keeps its device token. The session's first refresh token is its name.
        """
        begun = await self.try_log_in(number, code, name, now=now, client=client, token=token, device=device)
        if isinstance(begun, Challenge):
            return await self.answer(begun.id_hash, SECOND, name, now=now, client=client, token=token, device=device)
        if begun is None:
            raise InvalidCredentials
        return begun

    async def try_log_in(
        self,
        number: Nir,
        code: str,
        name: str = "device",
        *,
        now: datetime = NOW,
        client: Client = Client.WEB,
        token: str = "",
        device: str = "home",
        challenge: str = "",
        rehashed: str | None = None,
        waiting: UUID | None = None,
    ) -> Session | Challenge | None:
        """As far as the first code leads: a session, a challenge of that id (or the session's name), or nothing."""
        visit = handlers.Visit(client, self._shown.get(device), uuid5(LUCIE, f"{device} {name}"))
        trying = handlers.BeginLogIn(number, AccessCode(code), visit.shown, now, waiting)
        begun = await self.run(handlers.begin_log_in, trying)
        matched = hash_of(code) if hash_of(code) in begun.candidates else None
        command = handlers.LogIn(
            nir=number,
            begun=begun,
            matched=matched,
            visit=visit,
            session_id=session_id(name),
            refresh_hash=token or name,
            challenge_hash=challenge or name,
            second=issued(SECOND) if begun.challenges(matched) else None,
            rehashed=rehashed,
            now=now,
        )
        outcome: Session | Challenge | None = await self.run(handlers.log_in, command)
        return self._keep(device, outcome) if isinstance(outcome, Session) else outcome

    async def answer(
        self,
        challenge: str,
        code: str,
        name: str = "device",
        *,
        now: datetime = NOW,
        client: Client = Client.WEB,
        token: str = "",
        device: str = "home",
        remember: bool = True,
    ) -> Session:
        """Somebody types a second code."""
        begun = handlers.BeginAnswer(challenge, client, session_id(name), now)
        compared = await self.run(handlers.begin_answer, begun)
        matched = compared if compared == hash_of(code) else None
        renewal = token or name
        command = handlers.AnswerChallenge(challenge, compared, matched, session_id(name), renewal, now, remember)
        return self._keep(device, challenges.let_in(await self.run(handlers.answer_challenge, command)))

    def copy_token(self, device: str, to: str) -> None:
        """Somebody copies a device's token to another one."""
        self._shown[to] = self._shown[device]

    def _keep(self, device: str, session: Session) -> Session:
        if session.device and session.remembered:
            self._shown[device] = Shown(session.device, session.opened_at)
        return session

    async def refresh(self, old: str, new: str, *, now: datetime = NOW) -> Session | None:
        """A device shows its refresh token."""
        session: Session | None = await self.run(handlers.refresh_session, handlers.RefreshSession(old, new, now))
        return session

    async def choose(
        self, person: InsuredPerson, name: str, code: str, *, current: str | None = None, now: datetime = NOW
    ) -> None:
        """A person chooses a code on the device of that name."""
        matched = await self.check_current(person, current, now=now)
        choice = handlers.Choice(person.id, session_id(name), current is not None, matched, AccessCode(code), now)
        await self.run(handlers.choose_code, handlers.ChooseCode(choice, hash_of(code)))

    async def check_current(self, person: InsuredPerson, code: str | None, *, now: datetime = NOW) -> str | None:
        """A person gives their current code before a change; the hash that it matched."""
        given = AccessCode(code) if code else None
        begun = await self.run(handlers.begin_step_up, handlers.BeginStepUp(person.id, given, now))
        matched = hash_of(code) if code and hash_of(code) in begun.candidates else None
        await self.run(handlers.end_step_up, handlers.EndStepUp(person.id, begun, matched, now))
        return matched

    async def open_account(self, person: InsuredPerson, address: str, own_code: str) -> None:
        """From nothing to an own code, on the device `first`."""
        await self.create(person, address, "48151623")
        await self.log_in(person.nir, "48151623", "first")
        await self.choose(person, "first", own_code)

    async def end(self, person: InsuredPerson, name: str, *, now: datetime = NOW) -> None:
        """A person logs a device out from another one."""
        await self.run(handlers.end_session, handlers.EndSession(person.id, session_id(name), now))

    async def log_out(self, person: InsuredPerson, name: str, *, now: datetime = NOW) -> None:
        """A person logs out."""
        await self.run(handlers.end_own_session, handlers.EndSession(person.id, session_id(name), now))

    async def devices(self, person: InsuredPerson, *, now: datetime = NOW) -> list[UUID]:
        """Where a person is logged in."""
        found = await self.run(handlers.list_sessions, handlers.ListSessions(person.id, now))
        return [each.id for each in found]

    async def profile(self, person: InsuredPerson, *, now: datetime = NOW) -> Profile:
        """What a person sees of themselves."""
        found: Profile = await self.run(handlers.read_profile, handlers.ReadProfile(person.id, now))
        return found

    async def told(self) -> list[str]:
        """What was said so far: the names of the events and their reasons, in order."""
        return [
            f"{type(event).__name__}{f':{reason}' if (reason := getattr(event, 'reason', None)) else ''}"
            for event in await self._events()
        ]

    async def logged(self, person: InsuredPerson) -> list[tuple[What, Who]]:
        """What the person's access log says of it, in order: what was done, and who did it."""
        of_person = [each for each in await self._events() if each.person_id == person.id and type(each) in NOTED]
        lines = [access_log.entry(each, LUCIE, NOW, RULES) for each in of_person]
        return [(line.what, line.who) for line in lines]

    async def last(self, kind: type[R]) -> R:
        """The last event of a kind."""
        return [event for event in await self._events() if isinstance(event, kind)][-1]


def fake_scene(store: FakeStore | None = None) -> Scene:
    """A scene on a fake store."""
    kept = store or FakeStore()

    async def run(handler: Callable[..., Awaitable[Any]], command: Any) -> Any:
        return await handler(command, kept)

    async def events() -> Sequence[Event]:
        return kept.events

    return Scene(run, events)


def session_id(name: str) -> UUID:
    """The id of the session on the device of that name."""
    return uuid5(LUCIE, name)
