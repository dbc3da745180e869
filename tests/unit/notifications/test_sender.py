"""The senders of one process, on fakes."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import uuid4

import pytest

from chassis.mongo import DatabaseDown
from chassis.work import Work
from services.notifications import sender
from services.notifications.domain.contacts import Contact
from services.notifications.domain.mails import Claim, State
from services.notifications.domain.reasons import AccountOpened
from services.notifications.handlers import sending
from services.notifications.handlers.ports import MailDelayed, MailRejected, Store
from services.notifications.sender import Sender
from tests.unit.notifications.builders import CODE_LIFE, NOW, a_code, a_mail, claimed, opened, texts
from tests.unit.notifications.fakes import FakeMailer, FakeWork

LUCIE = Contact("Lucie", "EXEMPLE", "lucie@exemple.invalid")


class Bench:
    """A sender with a fake store, a fake server and a clock to turn."""

    def __init__(self, *replies: Any) -> None:
        self.work, self.mailer, self.now = FakeWork(), FakeMailer(*replies), NOW
        self.sender = Sender(self.mailer, texts().write, opened, self.clock, "me")

    async def clock(self) -> datetime:
        return self.now

    def mail(self, **but: Any) -> str:
        mail = a_mail(AccountOpened(), code=a_code(), person_id=uuid4(), **but)
        self.work.store.mails[mail.id] = mail
        self.work.store.contacts[mail.person_id] = LUCIE
        return mail.id

    async def step(self) -> bool:
        return await self.sender.send_due(self.typed_work)

    @property
    def typed_work(self) -> Work[Store]:
        return cast("Work[Store]", self.work)

    def state(self, mail_id: str) -> State:
        return self.work.store.mails[mail_id].state


async def test_a_due_mail_is_sent_with_its_opened_code() -> None:
    bench = Bench()
    mail_id = bench.mail()
    assert await bench.step()
    assert not await bench.step()
    [letter] = bench.mailer.sent
    assert letter.mail_id == mail_id
    assert "Votre code provisoire : 12345678" in letter.text
    assert bench.state(mail_id) is State.SENT


async def test_a_rejected_mail_is_tried_once() -> None:
    bench = Bench(MailRejected("smtp-550"))
    mail_id = bench.mail()
    await bench.step()
    bench.now += timedelta(hours=1)
    assert not await bench.step()
    assert bench.state(mail_id) is State.FAILED


async def test_an_unreachable_server_is_left_alone_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench(MailDelayed("unreachable", unreachable=True))
    bench.mail()
    second = bench.mail()
    assert await bench.step()
    assert not await bench.step()
    assert bench.state(second) is State.CREATED
    monkeypatch.setattr(bench.sender._outage, "_until", 0.0)
    assert await bench.step()
    assert bench.state(second) is State.SENT


async def test_a_bug_in_one_mail_does_not_hold_up_the_next() -> None:
    bench = Bench(RuntimeError("bug"))
    broken, fine = bench.mail(), bench.mail()
    await bench.step()
    await bench.step()
    assert bench.state(broken) is State.CREATED
    assert bench.state(fine) is State.SENT


async def test_an_expired_code_is_given_up_also_while_the_server_is_away() -> None:
    bench = Bench(MailDelayed("unreachable", unreachable=True))
    mail_id = bench.mail()
    await bench.step()
    bench.now += CODE_LIFE
    await bench.sender.expire(bench.typed_work)
    assert bench.state(mail_id) is State.EXPIRED
    assert not bench.mailer.sent


async def test_a_restarted_process_sends_at_once_what_it_had_claimed() -> None:
    bench = Bench()
    mail = claimed(a_mail(), Claim("before", "me"))
    foreign = claimed(a_mail(), Claim("other", "another"))
    for each in (mail, foreign):
        bench.work.store.mails[each.id] = each
        bench.work.store.contacts[each.person_id] = LUCIE
    assert await bench.step()
    assert not await bench.step()
    assert [letter.mail_id for letter in bench.mailer.sent] == [mail.id]


async def test_a_claim_is_renewed_while_the_server_thinks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "RENEWED_EVERY", 0.01)
    bench = Bench()
    mail_id = bench.mail()

    async def think() -> None:
        before = bench.work.store.mails[mail_id].due_at
        bench.now += timedelta(seconds=5)
        async with asyncio.timeout(5):
            while bench.work.store.mails[mail_id].due_at == before:
                await asyncio.sleep(0.005)

    bench.mailer.replies.append(think)
    assert await bench.step()
    assert bench.state(mail_id) is State.SENT


async def test_a_stop_waits_for_the_reply_and_takes_nothing_new() -> None:
    begun, answered = asyncio.Event(), asyncio.Event()

    async def think() -> None:
        begun.set()
        await answered.wait()

    bench = Bench(think)
    mail_id, other = bench.mail(), bench.mail()
    step = asyncio.create_task(bench.step())
    await begun.wait()
    step.cancel()
    await asyncio.sleep(0)
    assert not await bench.step()
    answered.set()
    with pytest.raises(asyncio.CancelledError):
        await step
    assert bench.state(mail_id) is State.SENT
    assert bench.state(other) is State.CREATED


async def test_an_outcome_is_recorded_once_the_database_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench()
    mail_id = bench.mail()
    failures = iter([DatabaseDown("gone"), DatabaseDown("gone")])
    run = bench.work.__class__.__call__

    async def flaky(self: FakeWork, handler: Callable[..., Any], command: Any) -> Any:
        if handler is sending.finish_sending and (failure := next(failures, None)):
            raise failure
        return await run(self, handler, command)

    monkeypatch.setattr(FakeWork, "__call__", flaky)
    monkeypatch.setattr(sender, "jitter", lambda _: 0.0)
    assert await bench.step()
    assert bench.state(mail_id) is State.SENT
    assert len(bench.mailer.sent) == 1
