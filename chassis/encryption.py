"""Fields that a stolen dump must not reveal: explicit client-side encryption, found again by a keyed hash."""

import base64
import hashlib
import hmac
from typing import Any

from bson.binary import Binary
from pymongo.errors import DuplicateKeyError

from chassis.mongo import CODEC, Database
from chassis.settings import ServiceSettings

RANDOM = "AEAD_AES_256_CBC_HMAC_SHA_512-Random"
KEYS = "keys"


class FieldCipher:
    """Encrypts single fields of one service's documents. The master key comes from the environment."""

    def __init__(self, settings: ServiceSettings, database: Database) -> None:
        self._database = database
        self._index_key = base64.b64decode(settings.index_key.get_secret_value())
        self._driver = settings.mongo_driver
        self._master = {"local": {"key": base64.b64decode(settings.field_key.get_secret_value())}}
        self._vault: Any = None

    async def prepare(self) -> None:
        """Make sure that a data key exists; idempotent, and safe when two processes start at once."""
        keys = self._database.raw[KEYS]
        await keys.create_index("keyAltNames", unique=True, partialFilterExpression={"keyAltNames": {"$exists": True}})
        self._vault = self._vault or self._open_vault()
        if await keys.find_one({"keyAltNames": self._database.name}) is None:
            try:
                await self._vault.create_data_key("local", key_alt_names=[self._database.name])
            except DuplicateKeyError:
                return

    async def encrypt(self, value: str) -> Binary:
        """The value as an encrypted field; each time another one."""
        sealed: Binary = await self._vault.encrypt(value, RANDOM, key_alt_name=self._database.name)
        return sealed

    async def decrypt(self, field: Binary) -> str:
        """The value of an encrypted field."""
        return str(await self._vault.decrypt(field))

    def blind(self, value: str) -> str:
        """A keyed hash by which an encrypted value is found: equal for equal values, useless without the key."""
        return hmac.new(self._index_key, value.encode(), hashlib.sha256).hexdigest()

    def _open_vault(self) -> Any:
        namespace = f"{self._database.name}.{KEYS}"
        if self._driver == "pymongo":
            from pymongo.asynchronous.encryption import AsyncClientEncryption  # noqa: PLC0415

            return AsyncClientEncryption(self._master, namespace, self._database.client, CODEC)
        from motor.motor_asyncio import AsyncIOMotorClientEncryption  # noqa: PLC0415

        return AsyncIOMotorClientEncryption(self._master, namespace, self._database.client, CODEC)
