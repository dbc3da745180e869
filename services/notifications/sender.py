"""The senders of one process: each takes one due mail after the other and sees it through.

**One mail, one sender.** A mail is claimed, by compare-and-set, before it is handed over, and only the holder of
the claim records the outcome. No transaction is open while the mail server is waited for.

**A server may think for two minutes, yet a killed process must not hold its mails for that long.** So a claim is
a lease of 15 s that its holder renews while it waits for the server: whatever a process had claimed when it was
killed is due again for every other process 15 s later at the latest. The same process, started again, does not
even wait for that: claims carry the name of their owner (machine, host, port), no two processes run under one name,
so what its name holds at the start is left over from before, and is taken back at once.

**The one duplicate.** Killed between the server's 250 and the record of it, a mail is sent again, with the same
Message-ID. The same happens if a holder is cut off from the database for a whole lease while it is sending.
A holder whose claim was taken over changes nothing any more.

**Stopping** waits for the mail server's replies, since a send that is broken off may become that duplicate.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from chassis import metrics, telemetry
from chassis.ids import jitter, new_id
from chassis.mongo import Database, DatabaseDown
from chassis.telemetry import log
from chassis.work import Work
from contracts.sealed import Sealed
from services.notifications.domain.contacts import Addressee
from services.notifications.domain.mails import (
    LEASE,
    Accepted,
    Claim,
    Delayed,
    Letter,
    Mail,
    Outcome,
    Rejected,
    State,
)
from services.notifications.handlers import sending
from services.notifications.handlers.ports import Due, MailDelayed, Mailer, MailRejected, Store

SENDERS = 4
RENEWED_EVERY = LEASE.total_seconds() / 3
STOPPED_WITHIN = 10.0
ASKED_EVERY = 60.0
LONGEST_SILENCE = 10.0


class SharedClock:
    """The database's time, which is the same for all processes: a lease must not depend on whose clock is wrong.

    Asked for once a minute, and counted on from there by a clock that never jumps. Raises DatabaseDown.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: tuple[float, datetime] | None = None

    async def __call__(self) -> datetime:
        """This instant."""
        elapsed = asyncio.get_running_loop().time()
        if self._known is None or elapsed - self._known[0] > ASKED_EVERY:
            async with self._database.bounded():
                answer = await self._database.raw.command("hello")
            self._known = (elapsed, answer["localTime"].replace(tzinfo=UTC))
        asked, instant = self._known
        return instant + timedelta(milliseconds=int((elapsed - asked) * 1000))


class Sender:
    """What the senders of one process share. `send_due` is one step of one of them, `expire` of the clean-up.

    `write` makes a letter of a mail, its addressee and its opened code; `open_code` opens a code, which then exists
    in this process's memory alone.
    """

    def __init__(
        self,
        mailer: Mailer,
        write: Callable[[Mail, Addressee, str | None], Letter],
        open_code: Callable[[Sealed], str],
        clock: Callable[[], Awaitable[datetime]],
        owner: str,
    ) -> None:
        self._mailer = mailer
        self._write = write
        self._open_code = open_code
        self._clock = clock
        self._owner = owner
        self._choosing = asyncio.Lock()
        self._found: deque[Due] = deque()
        self._busy: set[str] = set()
        self._started = False
        self._outage = Outage()
        self._stop_at: float | None = None

    async def send_due(self, work: Work[Store]) -> bool:
        """See one due mail through; whether there was one."""
        due = await self._choose(work)
        if due is None:
            return False
        try:
            await self._to_the_end(self._see_through(work, due))
        finally:
            self._busy.discard(due.mail_id)
        return True

    async def expire(self, work: Work[Store]) -> None:
        """Give up every mail whose time is over, also while the mail server is away."""
        now = await self._clock()
        for mail in await work.read(sending.overdue_mails, now):
            _count(await work(sending.expire_mail, sending.ExpireMail(mail.mail_id, now)))

    async def _choose(self, work: Work[Store]) -> Due | None:
        """A mail that no other sender of this process is busy with."""
        async with self._choosing:
            if self._stop_at or self._outage.lasts():
                return None
            now = await self._clock()
            if not self._started:
                await work(sending.take_back_claims, sending.TakeBackClaims(self._owner, now))
                self._started = True
            if not self._found:
                self._found.extend(await work.read(sending.due_mails, now))
            while self._found:
                due = self._found.popleft()
                if due.mail_id not in self._busy:
                    self._busy.add(due.mail_id)
                    return due
            return None

    async def _to_the_end(self, steps: Coroutine[Any, Any, None]) -> None:
        """Run to the end even if this step is cancelled, but then no longer than all senders together may."""
        task = asyncio.create_task(steps)
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            clock = asyncio.get_running_loop().time()
            self._stop_at = self._stop_at or clock + STOPPED_WITHIN
            await asyncio.wait([task], timeout=max(0.0, self._stop_at - clock))
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            raise

    async def _see_through(self, work: Work[Store], due: Due) -> None:
        attributes = {"compte.email_id": due.mail_id, "network.peer.name": self._mailer.host}
        with telemetry.span("send", "smtp", parent=due.traceparent, attributes=attributes) as current:
            claim = Claim(str(new_id()), self._owner)
            taken = await work(sending.claim_mail, sending.ClaimMail(due.mail_id, claim, await self._clock()))
            state = taken.mail.state if taken else None
            if taken and taken.addressee:
                outcome = await self._try(work, taken.mail, taken.addressee)
                state = await self._record(work, taken.mail, outcome)
            current.set_attribute("compte.outcome", _count(state))

    async def _try(self, work: Work[Store], mail: Mail, addressee: Addressee) -> Outcome:
        """Hand a claimed mail over. A bug counts as a delay: the mail is tried again, and nothing waits behind it."""
        try:
            code = self._open_code(mail.code.sealed) if mail.code and mail.code.sealed else None
            letter = self._write(mail, addressee, code)
            left = mail.give_up_at - await self._clock()
            async with self._kept(work, mail):
                await self._mailer.send(letter, within=left.total_seconds())
        except MailRejected as refusal:
            log.warning("mail rejected", email_id=mail.id, reason=refusal.reason)
            self._outage.is_over()
            return Rejected(refusal.reason)
        except MailDelayed as delay:
            log.warning("mail delayed", email_id=mail.id, reason=delay.reason, attempts=mail.attempts)
            self._outage.goes_on() if delay.unreachable else self._outage.is_over()
            return Delayed(jitter(1.0))
        except Exception as bug:
            log.error("mail failed", email_id=mail.id, cause=type(bug).__name__, attempts=mail.attempts)
            return Delayed(jitter(1.0))
        self._outage.is_over()
        return Accepted()

    @asynccontextmanager
    async def _kept(self, work: Work[Store], mail: Mail) -> AsyncIterator[None]:
        """Renew the claim for as long as the block runs."""
        renewing = asyncio.create_task(self._renew(work, mail))
        try:
            yield
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)

    async def _renew(self, work: Work[Store], mail: Mail) -> None:
        held = mail.claim is not None
        while held and mail.claim:
            await asyncio.sleep(RENEWED_EVERY)
            try:
                command = sending.RenewClaim(mail.id, mail.claim.token, await self._clock())
                held = await work(sending.renew_claim, command)
            except DatabaseDown:
                continue

    async def _record(self, work: Work[Store], mail: Mail, outcome: Outcome) -> State | None:
        """Record the outcome, however long the database is away: unrecorded, the mail would be sent again."""
        token = mail.claim.token if mail.claim else ""
        while True:
            try:
                command = sending.FinishSending(mail.id, token, outcome, await self._clock())
                return await work(sending.finish_sending, command)
            except DatabaseDown:
                await asyncio.sleep(jitter(1.0))


class Outage:
    """The mail server is away: silence, longer each time up to 10 s, so that thousands of mails do not knock."""

    def __init__(self) -> None:
        self._silence = 0.0
        self._until = 0.0

    def lasts(self) -> bool:
        """Whether nobody should try now."""
        return asyncio.get_running_loop().time() < self._until

    def goes_on(self) -> None:
        """The server was not reached."""
        if not self.lasts():
            self._silence = min(max(0.5, self._silence * 2), LONGEST_SILENCE)
            self._until = asyncio.get_running_loop().time() + jitter(self._silence)

    def is_over(self) -> None:
        """The server answered."""
        self._silence = self._until = 0.0


def _count(state: State | None) -> str:
    """Count what became of a mail: its state, `delayed` if it waits again, `lost` if it was somebody else's."""
    outcome = {State.CREATED: "delayed", None: "lost"}.get(state) or str(state)
    metrics.mails.labels(outcome).inc()
    return outcome
