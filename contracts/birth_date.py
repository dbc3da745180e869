"""Birth dates as civil status knows them: of some people the day, or also the month, is unknown (domain 3.1)."""

import calendar
import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

LENGTH = 10
SHAPE = r"(?:18|19|20)[0-9]{2}-(?:00-00|(?:0[1-9]|1[0-2])-(?:0[0-9]|[12][0-9]|3[01]))"
SCHEMA = {
    "type": "string",
    "pattern": f"^{SHAPE}$",
    "description": "YYYY-MM-DD; 00 for a day, or a day and a month, that civil status does not know.",
}


@dataclass(frozen=True)
class BirthDate:
    """A birth date of which the day, or the day and the month, may be unknown: `00` where it is written.

    A rule that asks an age takes `earliest` or `latest`, whichever favours the person, since what the caisse does not
    know must not be held against anybody: `earliest` where an age gives a right, or says that a date cannot be, and
    `latest` where an age ends an exemption.
    """

    year: int
    month: int | None = None
    day: int | None = None

    @classmethod
    def read(cls, text: str) -> "BirthDate":
        """Read a written one. Raises ValueError, which quotes nothing, for a day that no calendar has."""
        if re.fullmatch(SHAPE, text):
            year, month, day = map(int, text.split("-"))
            if day <= calendar.monthrange(year, month or 1)[1]:
                return cls(year, month or None, day or None)
        raise PydanticCustomError("birth-date", "not a birth date")

    @classmethod
    def of(cls, day: date) -> "BirthDate":
        """One of which everything is known."""
        return cls(day.year, day.month, day.day)

    @property
    def earliest(self) -> date:
        """The first day that it may be."""
        return date(self.year, self.month or 1, self.day or 1)

    @property
    def latest(self) -> date:
        """The last day that it may be."""
        month = self.month or 12
        return date(self.year, month, self.day or calendar.monthrange(self.year, month)[1])

    def covers(self, other: "BirthDate") -> bool:
        """Whether it says nothing else than the other; it may say less."""
        return self.year == other.year and self.month in (None, other.month) and self.day in (None, other.day)

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month or 0:02}-{self.day or 0:02}"

    @classmethod
    def __get_pydantic_core_schema__(cls, _: Any, __: GetCoreSchemaHandler) -> CoreSchema:
        written = core_schema.no_info_after_validator_function(cls.read, core_schema.str_schema(strict=True))
        whole = core_schema.no_info_after_validator_function(cls.of, core_schema.date_schema(strict=True))
        return core_schema.json_or_python_schema(
            written,
            core_schema.union_schema([core_schema.is_instance_schema(cls), written, whole]),
            serialization=core_schema.to_string_ser_schema(),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, _: CoreSchema, __: GetJsonSchemaHandler) -> dict[str, Any]:
        return dict(SCHEMA)
