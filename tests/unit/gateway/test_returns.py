"""What an application brings back from FranceConnect is read alike by the gateway and by identity."""

import json

import pytest
from pydantic import BaseModel, ValidationError

from services.gateway.api.franceconnect import ReturnBody
from services.identity.api.franceconnect import CallbackRequest
from services.identity.domain.franceconnect import malformed

RIGHT = {"state": "s", "ticket": "t" * 40, "code": "c", "error": "e", "device_token": "d"}
VALUES = {
    "state": ("", "s" * 200, "s" * 201, "s s", None, 1),
    "ticket": ("t" * 19, "t" * 20, "t" * 100, "t" * 101, "t t" * 10, 1),
    "code": ("c" * 1024, "c" * 1025, "", "é", None, 1),
    "error": ("e" * 200, "e" * 201, "", "é", None, 1),
    "device_token": ("d" * 1000, "d" * 1001, "", "é", None, 1),
    "role": ("admin",),
}


def reads(model: type[BaseModel], body: str) -> bool:
    """Whether this model takes the body."""
    try:
        model.model_validate_json(body)
    except ValidationError:
        return False
    return True


def goes_on(body: str) -> bool:
    """Whether identity takes the body, and does not refuse it by its form."""
    if not reads(CallbackRequest, body):
        return False
    taken = CallbackRequest.model_validate_json(body)
    return malformed(taken.state, taken.ticket, taken.code, taken.error) is None


@pytest.mark.parametrize("field", VALUES)
def test_what_the_gateway_cannot_read_identity_refuses_too(field: str) -> None:
    """The gateway hands it on with its ticket at once, so identity must open nothing for it."""
    for value in VALUES[field]:
        body = json.dumps({**RIGHT, field: value})
        assert reads(ReturnBody, body) == goes_on(body), value


def test_both_know_the_same_members() -> None:
    assert ReturnBody.model_fields.keys() == CallbackRequest.model_fields.keys()
