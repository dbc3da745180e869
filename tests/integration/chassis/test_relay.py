"""What the relay promises about rows that were acknowledged."""

from uuid import uuid4

from chassis.clock import now
from chassis.mongo import Database
from chassis.outbox import INDEXES, Wake, row
from chassis.relay import Relay
from contracts.envelope import Envelope
from tests.infra import service_settings


class Place:
    topic, partition, offset = "toy.events", 0, 0


async def test_a_relay_that_was_held_up_while_the_log_was_lost_marks_nothing(mongodb_url: str) -> None:
    settings = service_settings("gateway", mongodb_url)
    database = Database(mongodb_url, settings.database, driver="motor", deadline=settings.database_deadline)
    await database.ensure_indexes(INDEXES)
    envelope = Envelope(str(uuid4()), "toy.Said.v1", "/compte/toy", "word", str(uuid4()), now(), {}, sequence=1)
    await database["outbox"].insert(row(envelope, "toy.events", at=now()))
    late, current = (Relay(settings, database, ["toy.events"], Wake()) for _ in range(2))
    sent = await database["outbox"].find({"state": "pending"})
    await current._mark(sent, [Place()])
    await current._publish_again()
    await late._mark(sent, [Place()])
    assert [each["state"] for each in await database["outbox"].find({})] == ["pending"]
    again = await database["outbox"].find({"state": "pending"})
    await current._mark(again, [Place()])
    assert [each["state"] for each in await database["outbox"].find({})] == ["published"]
