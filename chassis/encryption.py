"""Fields that a stolen dump must not reveal: explicit client-side encryption, found again by a keyed hash.

A value is encrypted under a data key; data keys stand in the collection `keys`, wrapped by a master key that is in no
database (chassis.master_keys). The data key that new values use is the one named like the database; processes look
it up again within 60 s, so chassis.rotation can give the name to another one while they run.
"""

import base64
import hashlib
import hmac
from typing import Any
from uuid import UUID

from bson.binary import Binary
from pymongo.errors import DuplicateKeyError, EncryptionError, PyMongoError

from chassis.mongo import CODEC, Database, DatabaseDown
from chassis.settings import ServiceSettings
from chassis.telemetry import log

RANDOM = "AEAD_AES_256_CBC_HMAC_SHA_512-Random"
KEYS = "keys"
# A ciphertext is: kind (1 byte), data key (16), BSON type (1), then the encrypted value with its proof.
KEY_STANDS_AT = slice(1, 17)
# How libmongocrypt says that a key service or a data key is missing; anything else is about the value.
OUT_OF_REACH = ("KMS", "not all keys requested were satisfied")


class KeyOutOfReach(DatabaseDown):
    """A data key cannot be had or opened now: database or key service away, or its master key not among ours."""


class Damaged(Exception):
    """A stored field is not what this service encrypted. Carries no value."""


class FieldCipher:
    """Encrypts single fields of one service's documents. Master keys come from the environment."""

    def __init__(self, settings: ServiceSettings, database: Database) -> None:
        self._database = database
        self._index_key = base64.b64decode(settings.index_key.get_secret_value())
        self._driver = settings.mongo_driver
        self._masters = settings.master_keys
        self._vault: Any = None

    async def prepare(self) -> None:
        """Make sure that a data key exists and opens; idempotent, and safe when two processes start at once.

        Raises KeyOutOfReach.
        """
        keys = self._database.raw[KEYS]
        await keys.create_index("keyAltNames", unique=True, partialFilterExpression={"keyAltNames": {"$exists": True}})
        self._vault = self._vault or self._open_vault()
        if await keys.find_one({"keyAltNames": self._database.name}) is None:
            await self.new_data_key(self._database.name)
        try:
            await self.decrypt(await self.encrypt(""))
        except KeyOutOfReach as missing:
            log.error("field keys are out of reach", reason=str(missing))
            raise

    async def encrypt(self, value: str, *, data_key: UUID | None = None) -> Binary:
        """The value as an encrypted field; each time another one. Raises KeyOutOfReach."""
        chosen: dict[str, Any] = (
            {"key_id": Binary.from_uuid(data_key)} if data_key is not None else {"key_alt_name": self._database.name}
        )
        with _translated():
            sealed: Binary = await self._vault.encrypt(value, RANDOM, **chosen)
        return sealed

    async def decrypt(self, field: Binary) -> str:
        """The value of an encrypted field. Raises KeyOutOfReach, or Damaged."""
        with _translated():
            return str(await self._vault.decrypt(field))

    def blind(self, value: str) -> str:
        """A keyed hash by which an encrypted value is found: equal for equal values, useless without the key."""
        return hmac.new(self._index_key, value.encode(), hashlib.sha256).hexdigest()

    async def new_data_key(self, name: str) -> None:
        """Make a data key of this name, wrapped by the current master key, unless there is one."""
        with _translated():
            try:
                await self._vault.create_data_key(
                    self._masters.current, master_key=self._masters.key, key_alt_names=[name]
                )
            except EncryptionError as error:
                if not isinstance(error.cause, DuplicateKeyError):
                    raise

    async def rewrap(self) -> int:
        """Wrap every data key by the current master key; how many there are. Raises KeyOutOfReach."""
        with _translated():
            done = await self._vault.rewrap_many_data_key(
                {}, provider=self._masters.current, master_key=self._masters.key
            )
        return int(done.bulk_write_result.matched_count)

    def _open_vault(self) -> Any:
        namespace = f"{self._database.name}.{KEYS}"
        masters = self._masters.providers, namespace, self._database.client, CODEC
        if self._driver == "pymongo":
            from pymongo.asynchronous.encryption import AsyncClientEncryption  # noqa: PLC0415

            return AsyncClientEncryption(*masters, kms_tls_options=self._masters.tls)
        from motor.motor_asyncio import AsyncIOMotorClientEncryption  # noqa: PLC0415

        return AsyncIOMotorClientEncryption(*masters, kms_tls_options=self._masters.tls)


def data_key_of(field: Binary) -> UUID:
    """The id of the data key under which a field is encrypted."""
    return UUID(bytes=bytes(field)[KEY_STANDS_AT])


class _translated:  # noqa: N801 - reads as a word at its calls
    """Tell a key that is out of reach, which is waited for, from a value that never will be read."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if not isinstance(error, EncryptionError):
            return
        known_driver_error = isinstance(error.cause, PyMongoError | OSError)
        if known_driver_error or any(sign in str(error) for sign in OUT_OF_REACH):
            reason = type(error.cause).__name__ if known_driver_error else str(error).partition(". Response")[0]
            raise KeyOutOfReach(reason) from None
        raise Damaged from None
