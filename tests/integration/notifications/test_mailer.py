"""What the mailer says of every answer of a real SMTP server."""

import asyncio

import pytest

from services.notifications.domain.mails import Letter
from services.notifications.handlers.ports import MailDelayed, MailRejected
from services.notifications.mailer import SmtpMailer, address_of, is_loopback
from tests.infra import free_port
from tests.integration.notifications.sink import OK, Sink

SENDER = "Compte <ne-pas-repondre@exemple.invalid>"
SOON = 5.0


def a_mailer(port: int, *, patience: float = SOON) -> SmtpMailer:
    """A mailer for a server on loopback."""
    return SmtpMailer("127.0.0.1", port, sender=SENDER, patience=patience)


def a_letter(to: str = "lucie@exemple.invalid", text: str = "Bonjour", mail_id: str = "0190-1") -> Letter:
    """A letter."""
    return Letter(mail_id, to, "Votre nouveau code provisoire é", text, "<p>Bonjour à tous</p>")


async def test_a_letter_arrives_with_both_forms_and_an_id_that_never_changes(sink: Sink) -> None:
    mailer = a_mailer(sink.port)
    letter = a_letter(text="é" * 2000 + "\nVotre code provisoire : 12345678\n.\n.. fin")
    await mailer.send(letter, within=SOON)
    await mailer.send(letter, within=SOON)
    first, second = sink.received
    assert first.to == "lucie@exemple.invalid"
    assert first.text.splitlines() == letter.text.splitlines()
    assert first.html.strip() == letter.html
    assert first.message["Message-ID"] == second.message["Message-ID"] == "<0190-1@exemple.invalid>"
    assert first.message["X-Notification-Id"] == "0190-1"
    assert first.message["Auto-Submitted"] == "auto-generated"
    assert first.message["From"] == SENDER
    assert first.message["Subject"] == letter.subject
    assert not [name for name in first.message if name.lower().startswith("list-")]


async def test_a_letter_goes_to_the_very_domain_that_was_read_from_what_was_typed(sink: Sink) -> None:
    await a_mailer(sink.port).send(a_letter("lucie@xn--strae-oqa.invalid"), within=SOON)
    assert sink.received[0].to == "lucie@xn--strae-oqa.invalid"


async def test_nothing_goes_to_another_machine_in_clear(sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.notifications.mailer.is_loopback", lambda _: False)
    with pytest.raises(MailDelayed):
        await a_mailer(sink.port).send(a_letter(), within=SOON)
    assert sink.received == []


@pytest.mark.parametrize(
    ("host", "here"),
    [("localhost", True), ("127.0.0.1", True), ("[::1]", True), ("mail.exemple.invalid", False), ("10.0.0.1", False)],
)
def test_only_this_machine_is_loopback(host: str, *, here: bool) -> None:
    assert is_loopback(host) is here


async def test_the_line_of_the_code_can_be_read_in_the_source(sink: Sink) -> None:
    await a_mailer(sink.port).send(a_letter(text="Été\nVotre code provisoire : 12345678\n"), within=SOON)
    assert "Votre code provisoire : 12345678" in sink.received[0].message.as_string().splitlines()


async def test_one_connection_serves_many_letters_and_is_opened_anew_when_it_broke(sink: Sink) -> None:
    mailer = a_mailer(sink.port)
    for _ in range(3):
        await mailer.send(a_letter(), within=SOON)
    assert sink.connections == 1
    sink.replies.append("421 closing")
    with pytest.raises(MailDelayed):
        await mailer.send(a_letter(), within=SOON)
    await mailer.send(a_letter(), within=SOON)
    assert len(sink.received) == 4
    assert sink.connections <= 2


async def test_letters_sent_at_once_do_not_wait_for_each_other(sink: Sink) -> None:
    answered = asyncio.Event()

    async def slow() -> str:
        await answered.wait()
        return OK

    sink.replies.append(slow)
    mailer = a_mailer(sink.port)
    stalled = asyncio.create_task(mailer.send(a_letter(mail_id="slow"), within=SOON))
    while not sink.attempts:
        await asyncio.sleep(0.005)
    await mailer.send(a_letter(mail_id="fast"), within=SOON)
    assert [each.message["X-Notification-Id"] for each in sink.received] == ["fast"]
    answered.set()
    await stalled


@pytest.mark.parametrize("reply", ["451 try later", "450 mailbox busy", "421 going down", "452 full"])
async def test_a_4xx_delays_the_letter(sink: Sink, reply: str) -> None:
    mailer = a_mailer(sink.port)
    for replies in (sink.replies, sink.recipient_replies):
        replies.append(reply)
        with pytest.raises(MailDelayed, match=f"smtp-{reply[:3]}") as delay:
            await mailer.send(a_letter(), within=SOON)
        assert not delay.value.unreachable
    await mailer.send(a_letter(), within=SOON)
    assert len(sink.received) == 1


@pytest.mark.parametrize("reply", ["550 lucie@exemple.invalid unknown", "552 mailbox full", "554 no"])
async def test_a_5xx_rejects_the_letter_and_only_that(sink: Sink, reply: str) -> None:
    mailer = a_mailer(sink.port)
    for replies in (sink.replies, sink.recipient_replies):
        replies.append(reply)
        with pytest.raises(MailRejected) as refusal:
            await mailer.send(a_letter(), within=SOON)
        assert str(refusal.value) == f"smtp-{reply[:3]}"
    await mailer.send(a_letter(), within=SOON)
    assert len(sink.received) == 1


async def test_a_server_that_is_not_there_is_unreachable() -> None:
    with pytest.raises(MailDelayed) as delay:
        await a_mailer(free_port()).send(a_letter(), within=SOON)
    assert delay.value.unreachable


@pytest.mark.parametrize(("patience", "within"), [(0.1, SOON), (SOON, 0.1)])
async def test_a_reply_that_does_not_come_delays_the_letter_and_costs_the_connection(
    sink: Sink, patience: float, within: float
) -> None:
    stall = asyncio.Event()

    async def never() -> str:
        await stall.wait()
        return "550 too late, and not about the next letter"

    sink.replies.append(never)
    mailer = a_mailer(sink.port, patience=patience)
    with pytest.raises(MailDelayed, match="no-reply"):
        await mailer.send(a_letter(), within=within)
    stall.set()
    await a_mailer(sink.port).send(a_letter(), within=SOON)
    await mailer.send(a_letter(), within=SOON)
    assert len(sink.received) == 2


@pytest.mark.parametrize(
    "address",
    [
        "lucie@exemple.invalid\r\nBcc: x@exemple.invalid",
        "a@b, c@d",
        "<a@b>",
        "",
        "lucie",
        "a b@c",
        "a@b\x00",
        "chloé@b",
    ],
)
async def test_what_is_not_one_address_is_rejected_without_asking(sink: Sink, address: str) -> None:
    with pytest.raises(MailRejected, match="invalid-address"):
        await a_mailer(sink.port).send(a_letter(to=address), within=SOON)
    assert not sink.attempts


@pytest.mark.parametrize("sender", ["Compte", "", "a@", "@b", "Compte <a b@c>"])
def test_a_sender_without_address_stops_the_service(sender: str) -> None:
    with pytest.raises(ValueError, match="not an address"):
        address_of(sender)
