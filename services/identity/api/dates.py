"""Birth dates that people type: parts that civil status does not know are `00`, the rest is a day of the past."""

from typing import Annotated

from pydantic import WithJsonSchema
from pydantic_core import PydanticCustomError

from chassis import clock
from contracts.birth_date import LENGTH, SCHEMA, BirthDate
from services.identity.api.fields import typed


def _born(text: str) -> BirthDate:
    born = BirthDate.read(text)
    if born.earliest > clock.today():
        raise PydanticCustomError("birth-date-future", "not a day of the past")
    return born


# A schema knows no calendar and no day: the format stands for what its pattern cannot say.
SHOWN = {
    **SCHEMA,
    "format": "birth-date",
    "description": f"{SCHEMA['description']} A real day, not after today.",
}
TypedBirthDate = Annotated[BirthDate, typed(_born, LENGTH), WithJsonSchema(SHOWN)]
