"""A24: somebody has copied all databases, and has nothing else."""

import base64
import hashlib
import hmac
import os
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from bson.binary import Binary
from pymongo import MongoClient
from pymongo.encryption import ClientEncryption
from pymongo.errors import EncryptionError

from chassis.mongo import CODEC
from deploy.demo.mailbox import CODE
from deploy.embedded.keys import keys_of
from tests.abuse.figures import say
from tests.abuse.owners import Owner, owners
from tests.abuse.places import SERVICES, documents, dump, found
from tests.world import World

ENCRYPTED = 6  # the kind of binary that an encrypted field is
ARGON2 = re.compile(r"\$argon2id\$\S+")
DIGESTS = ("sha256", "sha512", "sha1", "md5", "blake2b", "sha3_256")
GUESSED_KEYS = (b"", b"secret", b"pepper", b"compte", b"identity", bytes(32))


@dataclass(frozen=True)
class Stolen:
    """The dump, and what its thief would like to find in it, by name."""

    owner: Owner
    secrets: dict[str, str]
    content: dict[str, bytes]
    rows: dict[str, dict[str, list[dict[str, Any]]]]

    def values(self) -> Iterator[Any]:
        """Every value of every document, however deep."""
        for collections in self.rows.values():
            for rows in collections.values():
                yield from _values(rows)


@pytest.fixture(scope="module")
async def stolen(world: World) -> AsyncIterator[Stolen]:
    """All databases, after an account was made and an own code chosen."""
    async with owners(world, 1) as [owner]:
        (await owner.browser.call("POST", "/requests", {"kind": "vitale-card-order"})).expect(202)
        [provisional] = await owner.browser.mailbox.lines(owner.browser.email, CODE)
        secrets = {
            "number": owner.nir,
            "bank account": owner.person.iban or "",
            "serial": owner.person.vitale_serial or "",
            "address": owner.browser.email,
            "own code": owner.code,
            "provisional code": provisional,
        }
        content = {f"database {name}": dump(world, name) for name in SERVICES}
        yield Stolen(owner, secrets, content, {name: documents(world, name) for name in SERVICES})


def test_nothing_that_was_typed_stands_in_it(stolen: Stolen) -> None:
    assert all(stolen.content.values())
    assert not found(stolen.secrets, stolen.content)


def test_no_stored_hash_is_that_of_a_known_code_without_the_pepper(world: World, stolen: Stolen) -> None:
    hashes = {each for value in stolen.values() if isinstance(value, str) for each in ARGON2.findall(value)}
    codes = (stolen.secrets["own code"], stolen.secrets["provisional code"])
    own = stolen.rows["identity"]["accounts"]
    [mine] = [row["own_code"] for row in own if row["_id"] == stolen.owner.person.person_id]
    assert set(ARGON2.findall(mine)) <= hashes
    pepper = base64.b64decode(keys_of(world.data).pepper)
    assert _is(ARGON2.findall(mine)[0], hmac.digest(pepper, codes[0].encode(), "sha256")), "the thief's way is wrong"
    wanted = hashes if len(hashes) < 5 else set(ARGON2.findall(mine))
    tried = [guess for code in codes for guess in _guesses(code)]
    assert not [guess for each in wanted for guess in tried if _is(each, guess)]
    say("A24", f"{len(hashes)} hashes in the dump, {len(tried)} ways to hash two known codes, none is right")


def test_no_index_can_be_made_again_without_its_key(world: World, stolen: Stolen) -> None:
    nir, email = stolen.owner.nir, stolen.owner.browser.email
    key = base64.b64decode(keys_of(world.data).services["identity"].index_key)
    right = hmac.new(key, f"nir:{nir[:13]}".encode(), hashlib.sha256).hexdigest()
    texts = {value for value in stolen.values() if isinstance(value, str)}
    assert right in texts, "the thief's way is wrong"
    plain = [nir, nir[:13], f"nir:{nir}", f"nir:{nir[:13]}", email, email.casefold(), f"email:{email.casefold()}"]
    assert not texts & {guess.hex() for value in plain for guess in _guesses(value)}


def test_encrypted_fields_do_not_open_with_the_keys_of_the_dump(world: World, stolen: Stolen) -> None:
    fields = [value for value in stolen.values() if isinstance(value, Binary) and value.subtype == ENCRYPTED]
    assert len(fields) >= 3
    client: MongoClient[dict[str, Any]] = MongoClient(world.stack.mongodb, tz_aware=True)
    for name in SERVICES:
        for master in (os.urandom(96), bytes(96)):
            vault: ClientEncryption[Any] = ClientEncryption({"local": {"key": master}}, f"{name}.keys", client, CODEC)
            for field in fields[:3]:
                with pytest.raises(EncryptionError):
                    vault.decrypt(field)


def test_no_key_of_the_environment_stands_in_it(world: World, stolen: Stolen) -> None:
    keys = keys_of(world.data)
    secrets = [keys.pepper, keys.signing_key["d"], keys.internal_key["d"], keys.freeze_key["d"]]
    for own in keys.services.values():
        secrets += [own.field_key, own.index_key, own.sealing_key["d"]]
    dumped = b"".join(stolen.content.values())
    for secret in secrets:
        raw = base64.urlsafe_b64decode(secret.replace("+", "-").replace("/", "_") + "==")
        assert secret.encode() not in dumped
        assert raw not in dumped


def _values(value: Any) -> Iterator[Any]:
    match value:
        case dict():
            for each in value.values():
                yield from _values(each)
        case list():
            for each in value:
                yield from _values(each)
        case _:
            yield value


def _guesses(value: str) -> Iterator[bytes]:
    """What somebody without the key would take for the hashed form of a value."""
    text = value.encode()
    yield text
    for name in DIGESTS:
        digest = hashlib.new(name, text)
        yield digest.digest()
        yield digest.hexdigest().encode()
    for key in GUESSED_KEYS:
        yield hmac.digest(key, text, "sha256")


def _is(stored: str, secret: bytes) -> bool:
    try:
        return PasswordHasher().verify(stored, secret)
    except VerifyMismatchError:
        return False
