"""The real process, killed at the one point where a mail may be sent twice, and started again."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from chassis import clock
from chassis.service import Service
from contracts.notifications import EmailSent
from services.notifications.domain.mails import Code, State
from services.notifications.domain.reasons import AccountOpened
from services.notifications.handlers import writing
from tests.infra import service_settings, until
from tests.integration.notifications.parts import Parts, a_person, prepared
from tests.integration.notifications.sink import Sink
from tests.unit.notifications.builders import FREEZE_KEY, URL

ROOT = Path(__file__).parents[3]


def environment(settings: dict[str, Any]) -> dict[str, str]:
    """Settings as a process reads them."""
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in settings.items()}
    return {**os.environ, **{f"NOTIFICATIONS_{name.upper()}": text for name, text in texts.items()}}


@asynccontextmanager
async def process(env: dict[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    """The service as it is started in production; ended with the block."""
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "chassis.server", "services.notifications.main:app", env=env, cwd=ROOT
    )
    try:
        yield running
    finally:
        if running.returncode is None:
            running.terminate()
            await running.wait()


async def test_killed_after_the_reply_it_sends_the_same_mail_again_at_once_after_its_restart(
    mongodb_url: str, sink: Sink, folder: Path
) -> None:
    plain = service_settings("notifications", mongodb_url)
    settings = {name: _open(value) for name, value in plain.model_dump().items() if value is not None}
    settings |= {
        "database_deadline": "PT5S",
        "relay_poll": "PT0.2S",
        "failpoints": str(folder),
        "smtp_url": f"smtp://127.0.0.1:{sink.port}",
        "sender": "Compte <compte@exemple.invalid>",
        "public_url": URL,
        "freeze_key": FREEZE_KEY,
    }
    parts = await prepared(Service("notifications", plain))
    now, mail_id = clock.now(), str(uuid4())
    code = Code(parts.seal("48151623"), 1, now, now + timedelta(hours=2))
    person = await a_person(parts, "lucie@exemple.invalid")
    cause = writing.Cause(mail_id, person, 1, now, now)
    await parts.work(writing.write_mail, writing.WriteMail(cause, AccountOpened(), code))
    (folder / "notifications.P5").write_text("kill")

    async with process(environment(settings)) as killed:
        assert await asyncio.wait_for(killed.wait(), 20) == -9
    assert len(sink.received) == 1
    mail = await parts.mail(mail_id)
    assert mail is not None
    assert mail.state is State.CLAIMED
    # Were it left to the lease alone, the mail would now wait for an hour.
    await parts.service.database["mails"].update({"_id": mail_id}, {"$set": {"due_at": now + timedelta(hours=1)}})

    async with process(environment(settings)):
        await until(lambda: _said(parts), "the mail is recorded as sent", within=10)
    first, second = sink.received
    assert first.message["Message-ID"] == second.message["Message-ID"] == f"<{mail_id}@exemple.invalid>"
    assert first.text == second.text
    await parts.service.database.close()


def _open(value: Any) -> Any:
    return value.get_secret_value() if hasattr(value, "get_secret_value") else value


async def _said(parts: Parts) -> bool:
    return [type(event) for event in await parts.said()] == [EmailSent]
