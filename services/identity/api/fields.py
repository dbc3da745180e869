"""Fields that people type, read by the rules: what is malformed is refused without being quoted."""

from collections.abc import Callable
from contextvars import ContextVar
from functools import partial
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from services.identity.domain import access_code, email, iban, nir
from services.identity.domain.access_code import AccessCode
from services.identity.domain.code_forms import DIGITS, CodeForm
from services.identity.domain.email import Email
from services.identity.domain.iban import Iban
from services.identity.domain.nir import Nir

T = TypeVar("T")
# Of codes as they may be typed in the request that is read: fields cannot know the day. Digits, unless it is said.
FORM_OF_CODES: ContextVar[CodeForm] = ContextVar("form of typed codes", default=DIGITS)


class RequestModel(BaseModel):
    """A body that is read strictly: no unknown field, no value turned into another type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


def typed(parse: Callable[[str], T], longest: int) -> PlainValidator:
    """Reads a text of at most `longest` characters by a rule."""

    return PlainValidator(partial(_read, parse, longest))


def _read(parse: Callable[[str], T], longest: int, value: object) -> T:
    if not isinstance(value, str):
        raise PydanticCustomError("string_type", "a text is expected")
    if len(value) > longest:
        raise PydanticCustomError("string_too_long", "the text is too long")
    return parse(value)


def _code(value: object) -> AccessCode:
    form = FORM_OF_CODES.get()
    return _read(partial(access_code.parse_typed, form=form), form.longest, value)


def _shown(**schema: Any) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", **schema})


def _shown_code(form: str) -> WithJsonSchema:
    """As it is by the parameters that ship; `x-access-code` is where `GET /capabilities` has the pattern in force."""
    more = {"x-access-code": form, "description": f"Digits, unless `codes.{form}` of `GET /capabilities` differs."}
    return _shown(pattern=DIGITS.pattern, format="password", **more)


TypedNir = Annotated[
    Nir,
    typed(nir.parse, nir.LONGEST_TYPED),
    _shown(
        format="nir", maxLength=nir.LONGEST_TYPED, description="13 characters, with or without the key, spaces allowed."
    ),
]
TypedCode = Annotated[AccessCode, PlainValidator(_code), _shown_code("typed")]
NewCode = Annotated[AccessCode, PlainValidator(_code), _shown_code("own")]
SecondCode = Annotated[
    AccessCode, typed(access_code.parse, DIGITS.longest), _shown(pattern=DIGITS.pattern, format="password")
]
TypedEmail = Annotated[Email, typed(email.parse, email.LONGEST), _shown(format="email", maxLength=email.LONGEST)]
TypedIban = Annotated[
    Iban,
    typed(iban.parse, iban.LONGEST_TYPED),
    _shown(format="iban", maxLength=iban.LONGEST_TYPED, description="Of the SEPA zone; spaces and lower case allowed."),
]
VitaleSerial = Annotated[str, Field(pattern=r"^[0-9]{8,21}$")]
LastName = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$")]
PostalCode = Annotated[str, Field(pattern=r"^[0-9]{5}$")]
OpaqueToken = Annotated[str, Field(min_length=20, max_length=100, pattern=r"^[A-Za-z0-9_\-]+$")]
RequestKey = Annotated[str, Field(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9_.:\-]+$")]
# Whatever a browser's cookie holds: what is none of ours counts for no token, and must not keep anybody out.
GivenDeviceToken = Annotated[str, Field(max_length=1000, pattern=r"^[\x20-\x7e]*$")]
