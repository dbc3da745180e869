"""The mailbox takes every mail, loses none, and answers as Mailpit does.

The tests that ask for a `peer` run against a real Mailpit too, by `make test-mailpit`.
"""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import aiosmtplib
import pytest

from deploy.embedded import stack as stacks
from deploy.embedded.ports import HOST, free_base
from deploy.embedded.stack import Stack

Json = Any


@dataclass(frozen=True)
class Mailbox:
    http: aiohttp.ClientSession
    url: str
    smtp: str

    async def get(self, path: str, **query: str) -> Json:
        async with self.http.get(f"{self.url}{path}", params=query, raise_for_status=True) as answer:
            return await answer.json()

    async def send(self, mail: EmailMessage, *more: str) -> str:
        host, _, port = self.smtp.partition(":")
        recipients = [address.addr_spec for address in mail["To"].addresses] + [*more]
        _, reply = await aiosmtplib.send(mail, hostname=host, port=int(port), recipients=recipients, timeout=5)
        return reply

    async def about(self, word: str) -> list[Json]:
        found: list[Json] = (await self.get("/api/v1/search", query=f"subject:{word}"))["messages"]
        return found


def a_mail(subject: str) -> EmailMessage:
    mail = EmailMessage()
    mail["Message-ID"] = f"<{subject}@compte>"
    mail["From"] = "Compte Santé <ne-pas-repondre@exemple.invalid>"
    mail["To"] = "Anna Né <anna@exemple.invalid>, b@exemple.invalid"
    mail["Subject"] = f"Démarche reçue {subject}"
    mail["Date"] = "Tue, 24 Nov 2026 10:00:00 +0100"
    mail["X-Notification-Id"] = subject
    mail.set_content("Bonjour Anna,\nà bientôt.\n")
    mail.add_alternative("<p>Bonjour <b>Anna</b>,</p><script>alert(1)</script>", subtype="html")
    mail.add_attachment(b"%PDF-1", maintype="application", subtype="pdf", filename="recu.pdf")
    return mail


@pytest.fixture
def word() -> str:
    return uuid4().hex


@pytest.fixture
def mailbox(stack: Stack, http: aiohttp.ClientSession) -> Mailbox:
    return Mailbox(http, stack.mailbox, stack.smtp)


@pytest.fixture(params=["embedded", pytest.param("mailpit", marks=pytest.mark.mailpit)])
async def peer(request: pytest.FixtureRequest, mailbox: Mailbox, tmp_path: Path) -> AsyncIterator[Mailbox]:
    if request.param == "embedded":
        yield mailbox
        return
    binary = os.environ["MAILPIT"]
    base = free_base()
    real = Mailbox(mailbox.http, f"http://{HOST}:{base}", f"{HOST}:{base + 1}")
    listen = ["--listen", f"{HOST}:{base}", "--smtp", real.smtp, "--database", str(tmp_path / "mails")]
    process = await asyncio.create_subprocess_exec(binary, *listen, "--quiet", stdout=asyncio.subprocess.DEVNULL)
    async with asyncio.timeout(10):
        while not await answers(real):
            await asyncio.sleep(0.05)
    yield real
    process.terminate()
    await process.wait()


async def answers(mailbox: Mailbox) -> bool:
    try:
        async with mailbox.http.get(f"{mailbox.url}/livez") as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False


async def test_a_message_in_the_list_has_mailpits_shape(peer: Mailbox, word: str) -> None:
    await peer.send(a_mail(word), "cachee@exemple.invalid")
    [line] = await peer.about(word)
    assert line["ID"]
    assert line["Created"].endswith("Z")
    assert line["Size"] > 500
    assert {name: line[name] for name in line if name not in ("ID", "Created", "Size", "ReplyTo")} == {
        "MessageID": f"{word}@compte",
        "Read": False,
        "From": {"Name": "Compte Santé", "Address": "ne-pas-repondre@exemple.invalid"},
        "To": [{"Name": "Anna Né", "Address": "anna@exemple.invalid"}, {"Name": "", "Address": "b@exemple.invalid"}],
        "Cc": None,
        "Bcc": [{"Name": "", "Address": "cachee@exemple.invalid"}],
        "Subject": f"Démarche reçue {word}",
        "Username": "",
        "Tags": [],
        "Attachments": 1,
        "Snippet": "Bonjour Anna,",
    }


async def test_one_message_has_mailpits_shape(peer: Mailbox, word: str) -> None:
    await peer.send(a_mail(word))
    [line] = await peer.about(word)
    mail = await peer.get(f"/api/v1/message/{line['ID']}")
    assert mail.pop("Size") == line["Size"]
    assert mail.pop("HTML").strip() == "<p>Bonjour <b>Anna</b>,</p><script>alert(1)</script>"
    assert mail.pop("Text").split() == ["Bonjour", "Anna,", "à", "bientôt."]
    assert mail.pop("ListUnsubscribe").keys() == {"Header", "Links", "Errors", "HeaderPost"}
    assert mail == {
        **{name: line[name] for name in ("ID", "MessageID", "From", "To", "Subject", "Tags", "Username")},
        "Cc": [],
        "Bcc": [],
        "ReplyTo": [],
        "ReturnPath": "ne-pas-repondre@exemple.invalid",
        "Date": "2026-11-24T10:00:00+01:00",
        "Inline": [],
        "Attachments": [
            {"PartID": "2", "FileName": "recu.pdf", "ContentType": "application/pdf", "ContentID": "", "Size": 6}
        ],
    }
    headers = await peer.get(f"/api/v1/message/{line['ID']}/headers")
    assert headers["Message-Id"] == [f"<{word}@compte>"]
    assert headers["X-Notification-Id"] == [word]
    async with peer.http.get(f"{peer.url}/api/v1/message/{line['ID']}/raw") as raw:
        assert f"X-Notification-Id: {word}" in await raw.text()
    assert (await peer.about(word))[0]["Read"]


async def test_a_search_finds_by_person_subject_words_and_their_absence(peer: Mailbox, word: str) -> None:
    await peer.send(a_mail(word))
    for query in ("to:ANNA@exemple.invalid", "from:santé", "bonjour", f"message-id:{word}@compte", "has:attachment"):
        found = await peer.get("/api/v1/search", query=f"subject:{word} {query}")
        assert found["messages_count"] == 1, query
    for query in ("to:zoe@exemple.invalid", "-anna", "is:read", "from:anna"):
        found = await peer.get("/api/v1/search", query=f"subject:{word} {query}")
        assert found["messages_count"] == 0, query


async def test_the_list_is_newest_first_in_pages_and_can_be_emptied(peer: Mailbox, word: str) -> None:
    for number in range(3):
        await peer.send(a_mail(f"{word}-{number}"))
    newest = await peer.get("/api/v1/messages", limit="2")
    assert [line["MessageID"] for line in newest["messages"]] == [f"{word}-2@compte", f"{word}-1@compte"]
    following = await peer.get("/api/v1/messages", start="2", limit="1")
    assert [line["MessageID"] for line in following["messages"]] == [f"{word}-0@compte"]
    assert following["start"] == 2
    assert newest["total"] == newest["messages_count"] >= 3
    async with peer.http.delete(f"{peer.url}/api/v1/messages") as answer:
        assert (answer.status, await answer.text()) == (200, "ok")
    empty = await peer.get("/api/v1/messages")
    assert (empty["total"], empty["messages"]) == (0, [])


async def test_a_message_that_does_not_exist_is_404(peer: Mailbox) -> None:
    async with peer.http.get(f"{peer.url}/api/v1/message/{uuid4().hex[:22]}") as answer:
        assert answer.status == 404


async def test_an_accepted_mail_outlives_a_kill(data: Path, mailbox: Mailbox, word: str) -> None:
    await mailbox.send(a_mail(word))
    before = await mailbox.about(word)
    was = stacks.kill(data, "mailbox")
    await stacks.restarted(data, "mailbox", was)
    assert await mailbox.about(word) == before
    identifier = before[0]["ID"]
    assert (data / "mailbox" / f"{identifier}.eml").read_bytes().endswith(b"--\r\n")


@pytest.mark.parametrize(("mode", "code"), [("reject-4xx", 451), ("reject-5xx", 550)])
async def test_a_refused_mail_is_not_kept_and_stays_in_the_ledger(
    mailbox: Mailbox, word: str, mode: str, code: int
) -> None:
    await misbehave(mailbox, mode=mode)
    with pytest.raises(aiosmtplib.SMTPDataError) as refusal:
        await mailbox.send(a_mail(word))
    await misbehave(mailbox, mode=None)
    assert refusal.value.code == code
    assert await mailbox.about(word) == []
    assert [line["reply"][:3] for line in await ledger(mailbox, word)] == [str(code)]


async def test_a_mail_may_be_kept_while_its_sender_never_hears_so(mailbox: Mailbox, word: str) -> None:
    await misbehave(mailbox, mode="stall-after-data", seconds=0.2)
    with pytest.raises(aiosmtplib.SMTPServerDisconnected):
        await mailbox.send(a_mail(word))
    await misbehave(mailbox, mode=None)
    assert len(await mailbox.about(word)) == 1
    assert [line["reply"] for line in await ledger(mailbox, word)] == [None]


async def test_a_slow_mailbox_accepts_in_the_end(mailbox: Mailbox, word: str) -> None:
    await misbehave(mailbox, mode="slow", seconds=0.2)
    sending = asyncio.create_task(mailbox.send(a_mail(word)))
    async with asyncio.timeout(5):
        while not await mailbox.about(word):
            await asyncio.sleep(0.01)
    assert not sending.done()
    assert "queued" in await sending
    await misbehave(mailbox, mode=None)


async def test_a_share_of_a_half_touches_every_other_mail(mailbox: Mailbox, word: str) -> None:
    await misbehave(mailbox, mode="reject-4xx", share=0.5)
    accepted = []
    for number in range(4):
        try:
            accepted.append(bool(await mailbox.send(a_mail(f"{word}-{number}"))))
        except aiosmtplib.SMTPDataError:
            accepted.append(False)
    await misbehave(mailbox, mode=None)
    assert accepted == [True, False, True, False]


async def test_an_unknown_fault_is_refused(mailbox: Mailbox) -> None:
    async with mailbox.http.put(f"{mailbox.url}/faults", json={"mode": "explode"}) as answer:
        assert answer.status == 400
    assert (await mailbox.get("/faults"))["mode"] is None


async def test_a_mail_is_read_on_a_page_that_runs_nothing_of_it(mailbox: Mailbox, word: str) -> None:
    mail = a_mail(word)
    mail.replace_header("Subject", f"<i>{word}</i>")
    await mailbox.send(mail)
    async with mailbox.http.get(mailbox.url, params={"q": word}) as listed:
        page = await listed.text()
    assert f"&lt;i&gt;{word}&lt;/i&gt;" in page
    [line] = await mailbox.about(word)
    async with mailbox.http.get(f"{mailbox.url}/view/{line['ID']}") as shown:
        page = await shown.text()
        assert "script" not in shown.headers["Content-Security-Policy"]
    assert f"&lt;i&gt;{word}&lt;/i&gt;" in page
    assert "à bientôt." in page
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page
    assert "<script>" not in page
    async with mailbox.http.get(f"{mailbox.url}/view/{line['ID']}.html") as body:
        assert "<b>Anna</b>" in await body.text()
        policy = body.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox ")
    assert "allow-scripts" not in policy
    assert "default-src 'none'" in policy


async def test_a_mail_that_is_hardly_one_is_still_shown(mailbox: Mailbox, word: str) -> None:
    host, _, port = mailbox.smtp.partition(":")
    broken = f"Subject: =?nope?q?{word}?=\r\nDate: hier\r\nContent-Type: text/plain; charset=nope\r\n\r\n\xff".encode(
        "latin-1"
    )
    async with aiosmtplib.SMTP(hostname=host, port=int(port)) as client:
        await client.sendmail("a@exemple.invalid", ["b@exemple.invalid"], broken)
    [line] = await mailbox.about(word)
    assert line["From"] == {"Name": "", "Address": ""}
    async with mailbox.http.get(f"{mailbox.url}/view/{line['ID']}") as shown:
        assert shown.status == 200


async def misbehave(mailbox: Mailbox, **how: object) -> None:
    async with mailbox.http.put(f"{mailbox.url}/faults", json=how, raise_for_status=True):
        pass


async def ledger(mailbox: Mailbox, word: str) -> list[Json]:
    async with mailbox.http.get(f"{mailbox.url}/deliveries") as answer:
        lines = [json.loads(line) async for line in answer.content]
    return [line for line in lines if line["notification_id"] == word]
