"""Events that wait or are given up, as inbox rows. What they say is encrypted: nobody has validated it yet."""

from chassis.encryption import FieldCipher
from chassis.mongo import Document
from chassis.outbox import Transaction
from chassis.retries import again_at
from contracts.envelope import Envelope, decode, encode


class Waiting:
    """Writes and reads such rows of one service."""

    def __init__(self, cipher: FieldCipher) -> None:
        self._cipher = cipher

    async def row(self, envelope: Envelope, topic: str, offset: int) -> Document:
        """An event as a row; its state is up to the caller."""
        return {
            **place(envelope, topic),
            "offset": offset,
            "value": await self._cipher.encrypt(encode(envelope).decode()),
        }

    async def envelope(self, row: Document) -> Envelope:
        """The event that a row keeps."""
        return decode((await self._cipher.decrypt(row["value"])).encode())

    async def park(
        self, transaction: Transaction, row: Document, reason: str, attempts: int, *, replay: bool = False
    ) -> None:
        """Keep the event for a later try. `replay`: it is tried although later ones have taken effect."""
        parked = {
            **row,
            "state": "parked",
            "reason": reason,
            "attempts": attempts,
            "replay": replay,
            "next_at": again_at(reason, attempts, transaction.now),
        }
        await transaction["inbox"].replace({"_id": row["_id"]}, parked, upsert=True)


def place(envelope: Envelope, topic: str) -> Document:
    """Which event it is and where it belongs, without what it says."""
    return {
        "_id": envelope.id,
        "source": envelope.source,
        "key": envelope.key,
        "sequence": envelope.sequence,
        "type": envelope.type,
        "topic": topic,
    }
