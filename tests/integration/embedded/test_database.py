"""The embedded database does what the services count on."""

from pathlib import Path

import pytest
from pymongo import AsyncMongoClient
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import NetworkTimeout, OperationFailure, PyMongoError

from deploy.embedded import database
from deploy.embedded import stack as stacks
from deploy.embedded.stack import Stack

Client = AsyncMongoClient[dict[str, object]]


async def test_a_transaction_that_was_acknowledged_outlives_a_kill(data: Path, stack: Stack) -> None:
    async with Client(stack.mongodb) as client:

        async def both(session: AsyncClientSession) -> None:
            await client.kill.state.insert_one({"_id": 1}, session=session)
            await client.kill.outbox.insert_one({"_id": 1}, session=session)

        async with client.start_session() as session:
            await session.with_transaction(both)
        was = stacks.kill(data, "database")
        await stacks.restarted(data, "database", was)
        assert await client.kill.state.find_one() == {"_id": 1}
        assert await client.kill.outbox.find_one() == {"_id": 1}


async def test_what_a_dead_client_locked_is_released_at_once(stack: Stack) -> None:
    async with Client(stack.mongodb) as client, Client(stack.mongodb, timeoutMS=300) as other:
        await client.locks.people.insert_one({"_id": 1, "n": 0})
        async with client.start_session() as abandoned:
            await abandoned.start_transaction()
            await client.locks.people.update_one({"_id": 1}, {"$inc": {"n": 100}}, session=abandoned)
            with pytest.raises(NetworkTimeout):
                await other.locks.people.update_one({"_id": 1}, {"$set": {"seen": True}})

            await database.release_locks(stack.mongodb)
            await client.locks.people.update_one({"_id": 1}, {"$inc": {"n": 1}})

            with pytest.raises(OperationFailure) as late:
                await abandoned.commit_transaction()
        assert late.value.has_error_label("TransientTransactionError")
        found = await client.locks.people.find_one({"_id": 1})
        assert found
        assert found["n"] == 1


async def test_releasing_locks_of_a_database_that_is_down_is_no_error() -> None:
    await database.release_locks("mongodb://127.0.0.1:1/?directConnection=true", 50)


async def test_two_transactions_on_one_new_document_collide_with_the_label_to_try_again(stack: Stack) -> None:
    async with Client(stack.mongodb) as client:
        counter = client.conflicts.counters
        async with client.start_session() as first, client.start_session() as second:
            await first.start_transaction()
            await second.start_transaction()
            await counter.update_one({"_id": "p"}, {"$inc": {"n": 1}}, upsert=True, session=first)
            with pytest.raises(PyMongoError) as collision:
                await counter.update_one({"_id": "p"}, {"$inc": {"n": 1}}, upsert=True, session=second)
            await first.commit_transaction()
        assert collision.value.has_error_label("TransientTransactionError")
        assert await counter.find_one() == {"_id": "p", "n": 1}
