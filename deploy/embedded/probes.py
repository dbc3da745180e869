"""How to tell, from outside, that a process answers."""

import asyncio
import logging
from contextlib import suppress

import aiohttp
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

from deploy.embedded.ports import SERVICES

PATIENCE = 1.0
_PATHS = {"mailbox": "/livez", "traces": "/livez", "idp": "/.well-known/openid-configuration"}
_OK = 200

# The client reports every refused connection on its own, and refused is what a probe expects.
logging.getLogger("aiokafka").setLevel(logging.CRITICAL)


async def answers(name: str, url: str) -> bool:
    """Whether this part or service does its work at this address now."""
    with suppress(OSError, TimeoutError, aiohttp.ClientError, KafkaError, PyMongoError):
        async with asyncio.timeout(PATIENCE):
            match name:
                case "broker":
                    return await broker(url)
                case "database":
                    return await database(url)
                case _:
                    return await http(url + ("/health/ready" if name in SERVICES else _PATHS[name]))
    return False


async def http(url: str) -> bool:
    """Whether this address answers 200."""
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return response.status == _OK


async def broker(address: str) -> bool:
    """Whether this broker describes itself."""
    await _listens(address)
    client = AIOKafkaAdminClient(bootstrap_servers=address, request_timeout_ms=int(PATIENCE * 1000))
    await client.start()
    try:
        return bool((await client.describe_cluster())["brokers"])
    finally:
        await client.close()


async def database(url: str) -> bool:
    """Whether this database takes writes and transactions."""
    patience = int(PATIENCE * 1000)
    client: AsyncMongoClient[dict[str, object]] = AsyncMongoClient(url, serverSelectionTimeoutMS=patience)
    try:
        hello = await client.admin.command("hello")
        return bool(hello.get("isWritablePrimary") and hello.get("setName"))
    finally:
        await client.close()


async def _listens(address: str) -> None:
    host, _, port = address.rpartition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.close()
    await writer.wait_closed()
