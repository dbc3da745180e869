"""From an event's effect to the mailbox: the real store, a real SMTP server, and time that can be turned."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from chassis import telemetry
from chassis.failpoints import configure
from chassis.mongo import DatabaseDown
from chassis.service import Service
from contracts.notifications import EmailFailed, EmailSent
from services.notifications.domain.mails import Claim, Code, Series, State
from services.notifications.domain.reasons import About, AccountOpened, may_reach_a_stranger
from services.notifications.handlers import sending, writing
from services.notifications.mailer import SmtpMailer
from services.notifications.sender import SENDERS, Sender, SharedClock
from services.notifications.texts import SUBJECTS
from tests.infra import free_port, fresh_service, service_settings, until
from tests.integration.notifications.parts import Parts, a_person, prepared
from tests.integration.notifications.sink import OK, Sink
from tests.unit.notifications.builders import BRINGING, CARD, REASONS, texts

ADDRESS = "lucie@exemple.invalid"
OF_THE_SERVER = {"MIME-Version", "Content-Type", "X-Peer", "X-MailFrom", "X-RcptTo"}
INERT = "Bonjour Lucie Bcc: x@exemple.invalid {{7*7}}"
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Office:
    """A process's senders on the parts of a service."""

    def __init__(self, parts: Parts, sink: Sink, owner: str = "here") -> None:
        self.parts, self.ahead = parts, timedelta()
        self._clock = SharedClock(parts.service.database)
        mailer = SmtpMailer("127.0.0.1", sink.port, sender="Compte <compte@exemple.invalid>")
        self.sender = Sender(mailer, texts().write, parts.service.sealer.open, self.now, owner)

    async def now(self) -> datetime:
        return await self._clock() + self.ahead

    async def write(
        self, person: UUID, about: About = CARD, code: str | None = None, series: Series = Series.PROVISIONAL
    ) -> str:
        now = await self.now()
        sealed = Code(self.parts.seal(code), 1, now, now + timedelta(minutes=10), series) if code else None
        cause = writing.Cause(str(uuid4()), person, 1, now, now, TRACE)
        await self.parts.work(writing.write_mail, writing.WriteMail(cause, about, sealed))
        return cause.event_id

    async def send_all(self) -> None:
        """Let every sender work until nothing is due."""

        async def work() -> None:
            while await self.sender.send_due(self.parts.work):
                pass

        await asyncio.gather(*(work() for _ in range(SENDERS)))

    async def state(self, mail_id: str) -> State | None:
        mail = await self.parts.mail(mail_id)
        return mail.state if mail else None

    async def said(self, mail_id: str) -> list[Any]:
        return [event for event in await self.parts.said() if getattr(event, "email_id", "") == mail_id]


@pytest.fixture
async def office(mongodb_url: str, sink: Sink) -> AsyncIterator[Office]:
    async for service in fresh_service("notifications", mongodb_url):
        yield Office(await prepared(service), sink)


async def test_a_mail_with_a_code_arrives_once_and_is_said_to_be_sent(office: Office, sink: Sink) -> None:
    mail_id = await office.write(await a_person(office.parts, ADDRESS), AccountOpened(), "48151623")
    await office.send_all()
    await office.send_all()
    [received] = sink.received
    assert received.to == ADDRESS
    assert "Votre code provisoire : 48151623" in received.text.splitlines()
    assert "48151623" in received.html
    [event] = await office.said(mail_id)
    assert isinstance(event, EmailSent)
    assert await office.state(mail_id) is State.SENT


async def test_twenty_mails_all_arrive_although_half_are_delayed_at_first(office: Office, sink: Sink) -> None:
    person = await a_person(office.parts, ADDRESS)
    written = {await office.write(person) for _ in range(20)}
    sink.replies.extend(["451 later", "250 OK"] * 10)
    await office.send_all()
    office.ahead += timedelta(seconds=2)
    await office.send_all()
    assert sorted(each.message["X-Notification-Id"] for each in sink.received) == sorted(written)
    assert sink.attempts == 30


async def test_a_refused_mail_is_tried_once_and_said_to_have_failed(office: Office, sink: Sink) -> None:
    mail_id = await office.write(await a_person(office.parts, ADDRESS))
    sink.replies.append("550 nobody here")
    await office.send_all()
    office.ahead += timedelta(hours=1)
    await office.send_all()
    assert sink.attempts == 1
    [event] = await office.said(mail_id)
    assert isinstance(event, EmailFailed)
    assert event.reason == "smtp-550"
    assert await office.state(mail_id) is State.FAILED


async def test_a_code_that_expired_while_the_server_was_away_is_never_mailed(office: Office, sink: Sink) -> None:
    person = await a_person(office.parts, ADDRESS)
    with_code = await office.write(person, AccountOpened(), "48151623")
    without = await office.write(person)
    sink.stop()
    await office.send_all()
    office.ahead += timedelta(minutes=10)
    await sink.start()
    await office.sender.expire(office.parts.work)

    async def sent() -> bool:
        await office.send_all()
        return await office.state(without) is State.SENT

    await until(sent, "the mail without code is sent")
    assert [each.message["X-Notification-Id"] for each in sink.received] == [without]
    assert await office.state(with_code) is State.EXPIRED
    [event] = await office.said(with_code)
    assert (type(event), event.reason) == (EmailFailed, "expired")


async def test_two_processes_at_once_send_each_mail_once(office: Office, sink: Sink) -> None:
    person = await a_person(office.parts, ADDRESS)
    written = sorted([await office.write(person) for _ in range(15)])
    await asyncio.gather(office.send_all(), Office(office.parts, sink, "there").send_all())
    await office.send_all()
    assert sorted(each.message["X-Notification-Id"] for each in sink.received) == written


async def test_a_holder_that_comes_too_late_changes_nothing(office: Office, sink: Sink) -> None:
    mail_id = await office.write(await a_person(office.parts, ADDRESS))
    other = Claim("other", "there")

    async def taken_over() -> str:
        office.ahead += timedelta(minutes=1)
        await office.parts.work(sending.claim_mail, sending.ClaimMail(mail_id, other, await office.now()))
        return "550 nobody here"

    sink.replies.append(taken_over)
    await office.send_all()
    assert await office.state(mail_id) is State.CLAIMED
    assert await office.said(mail_id) == []


async def test_a_failure_between_the_reply_and_the_record_repeats_the_message_id(
    office: Office, sink: Sink, folder: Any
) -> None:
    mail_id = await office.write(await a_person(office.parts, ADDRESS), AccountOpened(), "48151623")
    (folder / "notifications.P5").write_text("raise")
    configure(folder, "notifications")
    try:
        await office.send_all()
        office.ahead += timedelta(seconds=2)
        await office.send_all()
    finally:
        configure(None, "")
    first, second = sink.received
    assert (first.text, first.html) == (second.text, second.html)
    assert first.message["Message-ID"] == second.message["Message-ID"] == f"<{mail_id}@exemple.invalid>"
    assert len(await office.said(mail_id)) == 1


async def test_no_name_writes_a_header_or_runs_in_a_template_of_any_mail(office: Office, sink: Sink) -> None:
    name = "Lucie\r\nBcc: x@exemple.invalid\r\n\r\n{{7*7}}"
    person = await a_person(office.parts, ADDRESS, name, "\u202e{% if 1 %}" + "É" * 10_000)
    for about in REASONS:
        code = "48151623" if about in BRINGING else None
        await office.write(person, about, code, BRINGING.get(about, Series.PROVISIONAL))
        await office.send_all()
    assert len(sink.received) == len(REASONS)
    names = {"From", "To", "Subject", "Date", "Message-ID", "X-Notification-Id", "Auto-Submitted"}
    for received, about in zip(sink.received, REASONS, strict=True):
        assert received.to == ADDRESS
        assert set(received.message.keys()) - OF_THE_SERVER == names
        assert str(received.message["Subject"]) == SUBJECTS[about.kind]
        for form in (received.text, received.html):
            shown = "Bonjour," if may_reach_a_stranger(about) else f"{INERT} {{% if 1 %}}É"
            assert shown in form


async def test_a_stop_in_the_middle_of_a_mail_does_not_send_it_twice(office: Office, sink: Sink) -> None:
    mail_id = await office.write(await a_person(office.parts, ADDRESS))
    answered = asyncio.Event()

    async def slow() -> str:
        await answered.wait()
        return OK

    sink.replies.append(slow)
    step = asyncio.create_task(office.sender.send_due(office.parts.work))

    async def asked() -> bool:
        return sink.attempts == 1

    await until(asked, "the server has the mail")
    step.cancel()
    asyncio.get_running_loop().call_later(0.1, answered.set)
    with pytest.raises(asyncio.CancelledError):
        await step
    assert await office.state(mail_id) is State.SENT
    await Office(office.parts, sink).send_all()
    assert sink.attempts == 1


async def test_the_shared_clock_is_the_databases(office: Office) -> None:
    clock = SharedClock(office.parts.service.database)
    first, second = await clock(), await clock()
    answer = await office.parts.service.database.raw.command("hello")
    assert abs(answer["localTime"].replace(tzinfo=first.tzinfo) - first) < timedelta(seconds=2)
    assert first <= second
    assert first.microsecond % 1000 == 0


async def test_a_clock_without_database_says_so() -> None:
    nowhere = f"mongodb://127.0.0.1:{free_port()}/"
    deadline = timedelta(milliseconds=200)
    service = Service("notifications", service_settings("notifications", nowhere, database_deadline=deadline))
    with pytest.raises(DatabaseDown):
        await SharedClock(service.database)()
    await service.database.close()


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(telemetry, "_tracer", provider.get_tracer("test"))
    yield exporter
    provider.shutdown()


async def test_the_sending_and_what_it_says_belong_to_the_trace_of_the_reason(
    office: Office, sink: Sink, spans: InMemorySpanExporter
) -> None:
    mail_id = await office.write(await a_person(office.parts, ADDRESS), AccountOpened(), "48151623")
    spans.clear()
    await office.send_all()
    finished: tuple[ReadableSpan, ...] = spans.get_finished_spans()
    [send] = [span for span in finished if span.name == "send smtp"]
    assert send.parent is not None
    assert f"{send.parent.trace_id:032x}-{send.parent.span_id:016x}" in TRACE
    assert dict(send.attributes or {}) == {
        "compte.email_id": mail_id,
        "network.peer.name": "127.0.0.1",
        "compte.outcome": "sent",
    }
    [row] = await office.parts.service.database["outbox"].find({"subject": mail_id})
    assert row["traceparent"].split("-")[1] == TRACE.split("-")[1]
    everything = "".join(span.to_json() for span in finished)
    assert "48151623" not in everything
    assert ADDRESS not in everything
