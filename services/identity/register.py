"""Reads the caisse's register of insured persons: NDJSON, one person a line, `import FILE`."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from chassis import clock
from chassis.json import MalformedJson, check
from chassis.mongo import DatabaseDown, Index
from chassis.service import Service
from chassis.work import Work
from contracts.birth_date import BirthDate
from contracts.sealed import Sealed
from services.identity import handlers
from services.identity.domain import iban as ibans
from services.identity.domain import nir
from services.identity.domain.insured import CardState, InsuredPerson, RegisterEntry, WrongNumber
from services.identity.domain.regimes import REGIMES
from services.identity.handlers import ImportInsured, Store

LONGEST_LINE = 4096
USAGE = "usage: python -m services.identity.main import FILE\n"


def _with_key(text: str) -> str:
    if len(nir.normalised(text)) != nir.WITH_KEY:
        raise PydanticCustomError("nir-key", "the register gives 13 digits and the key")
    nir.parse(text)
    return text


def _iban(text: str) -> str:
    return ibans.parse(text).number


def _regime(code: str) -> str:
    if code not in REGIMES:
        raise PydanticCustomError("regime", "not a known regime")
    return code


Name = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$")]


class Line(BaseModel):
    """One person as the caisse gives them. The number comes with its key, the serial is opaque (domain 3.2)."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    person_id: UUID
    nir: Annotated[str, Field(max_length=nir.LONGEST_TYPED), AfterValidator(_with_key)]
    birth_last_name: Name
    usage_last_name: Name | None = None
    first_name: Name
    birth_date: BirthDate
    postal_code: Annotated[str, Field(pattern=r"^[0-9]{5}$")]
    caisse: Annotated[str, Field(pattern=r"^[0-9][0-9AB][0-9]?$")]
    regime: Annotated[str, AfterValidator(_regime)]
    iban: Annotated[str, Field(max_length=ibans.LONGEST_TYPED), AfterValidator(_iban)] | None = None
    vitale_serial: Annotated[str, Field(pattern=r"^[0-9]{8,21}$")] | None = None
    card_state: CardState = CardState.ACTIVE

    def entry(self) -> RegisterEntry:
        """The line as the rules know it."""
        known = self.model_dump(exclude={"person_id", "nir", "iban", "vitale_serial", "card_state"})
        person = InsuredPerson(id=self.person_id, nir=nir.parse(self.nir), **known)
        return RegisterEntry(person, self.iban, self.vitale_serial, self.card_state)


class WrongLine(Exception):
    """A line that cannot be taken; says which fields are wrong, never what they hold."""


def read_line(raw: bytes) -> RegisterEntry:
    """The person of one line. Raises WrongLine."""
    try:
        if len(raw) > LONGEST_LINE:
            raise MalformedJson
        check(raw)
        return Line.model_validate_json(raw, strict=True).entry()
    except MalformedJson:
        raise WrongLine("not a JSON object") from None
    except ValidationError as error:
        wrong = sorted({str(each["loc"][0]) if each["loc"] else "line" for each in error.errors(include_input=False)})
        raise WrongLine(f"wrong: {', '.join(wrong)}") from None


class Import:
    """What became of the lines of a file. `seal` closes a number to the services that follow a certification.

    `doubtful` are lines that were taken, though number and birth date contradict each other (domain 3.1).
    """

    def __init__(self, seal: Callable[[str], Sealed]) -> None:
        self._seal = seal
        self.changed = 0
        self.unchanged = 0
        self.wrong: dict[int, str] = {}
        self.doubtful: list[int] = []

    async def take(self, lines: Sequence[bytes], work: Work[Store]) -> None:
        """Take every line that is right, each by itself; taking a file again changes nothing."""
        for number, raw in enumerate(lines, start=1):
            if raw.strip():
                await self._take_one(number, raw, work)

    async def _take_one(self, number: int, raw: bytes, work: Work[Store]) -> None:
        try:
            entry = read_line(raw)
            changed = await work(handlers.import_insured, ImportInsured(entry, self._seal, clock.now()))
        except WrongLine as wrong:
            self.wrong[number] = str(wrong)
        except WrongNumber as wrong:
            self.wrong[number] = f"wrong: nir ({wrong})"
        else:
            self.changed += changed
            self.unchanged += not changed
            if entry.person.nir.contradicts(entry.person.birth_date):
                self.doubtful.append(number)


def main(arguments: Sequence[str], service: Service, work: Work[Any], indexes: Mapping[str, Sequence[Index]]) -> int:
    """Import the named file; 0 when every line was right, 1 otherwise, with the numbers of the wrong lines."""
    match arguments:
        case ["import", name]:
            return asyncio.run(_import(Path(name), service, work, indexes))
        case _:
            sys.stderr.write(USAGE)
            return 2


async def _import(path: Path, service: Service, work: Work[Any], indexes: Mapping[str, Sequence[Index]]) -> int:
    done = Import(lambda number: service.sealer.seal(number, "procedures"))
    try:
        lines = await asyncio.to_thread(lambda: path.read_bytes().splitlines())
        async with _prepared(service, indexes):
            await done.take(lines, work)
    except OSError as error:
        sys.stderr.write(f"cannot read the file: {error.strerror}\n")
        return 1
    except DatabaseDown:
        sys.stderr.write("the database does not answer; lines already taken stay, import the file again\n")
        return 1
    sys.stdout.write(f"register: {done.changed} new or changed, {done.unchanged} as before, {len(done.wrong)} wrong\n")
    if done.doubtful:
        sys.stdout.write(f"register: {len(done.doubtful)} taken whose number contradicts their birth date\n")
    for number in done.doubtful:
        sys.stderr.write(f"line {number}: taken; to check: nir, birth_date\n")
    for number, why in done.wrong.items():
        sys.stderr.write(f"line {number}: {why}\n")
    return 1 if done.wrong else 0


@asynccontextmanager
async def _prepared(service: Service, indexes: Mapping[str, Sequence[Index]]) -> AsyncIterator[None]:
    try:
        async with service.database.bounded():
            await service.database.ensure_indexes(indexes)
            await service.cipher.prepare()
        yield
    finally:
        await service.database.close()
