"""The mailbox in which people read what the system writes to them."""

import re
from typing import Any

import aiohttp

# What a mail says on a line of its own, in the group.
CODE = re.compile(r"^Votre code provisoire : ([0-9]{4,13})\r?$", re.MULTILINE)
SECOND_CODE = re.compile(r"^Votre code de vérification : ([0-9]{6})\r?$", re.MULTILINE)
VALIDATION = re.compile(r"^http\S+/valider-mon-adresse#(\S+)\r?$", re.MULTILINE)
NOT_ME = re.compile(r"^http\S+/ce-n-est-pas-moi#(\S+)\r?$", re.MULTILINE)


class Mailbox:
    """Mailpit's API, as the embedded mailbox and Mailpit itself answer it."""

    def __init__(self, url: str, http: aiohttp.ClientSession) -> None:
        self._url = url
        self._http = http

    async def mails(self, address: str) -> list[dict[str, Any]]:
        """Every mail to an address, the newest first."""
        query = {"query": f"to:{address}", "limit": "200"}
        async with self._http.get(f"{self._url}/api/v1/search", params=query) as response:
            found: list[dict[str, Any]] = (await response.json())["messages"]
            return found

    async def text(self, mail: dict[str, Any]) -> str:
        """The text part of a mail."""
        async with self._http.get(f"{self._url}/api/v1/message/{mail['ID']}") as response:
            return str((await response.json())["Text"])

    async def subjects(self, address: str) -> list[str]:
        """The subjects of all different mails to an address, the newest first."""
        return [mail["Subject"] for mail in {mail["MessageID"]: mail for mail in await self.mails(address)}.values()]

    async def lines(self, address: str, wanted: re.Pattern[str]) -> list[str]:
        """What all different mails to an address say on such a line, the newest last."""
        mails = {mail["MessageID"]: mail for mail in reversed(await self.mails(address))}
        found = [wanted.search(await self.text(mail)) for mail in mails.values()]
        return [line.group(1) for line in found if line]
