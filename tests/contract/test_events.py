"""Every published event has a schema, an example that keeps to it, and readers that accept it."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from contracts.envelope import decode
from contracts.event import EVENT_TYPES
from deploy.publish.events import asyncapi, events

CONTRACTS = Path(__file__).parents[2] / "contracts"
EXAMPLES = {path.stem: path for path in sorted((CONTRACTS / "examples").glob("*.json"))}
PUBLISHERS = "identity", "payments", "procedures", "notifications", "caisse"
PERSONAL = "nir", "iban", "email", "code", "token", "old", "new"
CLEAR = "email_id", "code_expires_at", "new_device"
GROUPS = "identity", "payments", "procedures", "notifications", "gateway"


def example(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(EXAMPLES[name].read_text())
    return document


@pytest.mark.parametrize("name", events())
def test_every_event_has_a_schema_and_an_example_that_keeps_to_it(name: str) -> None:
    schema = json.loads((CONTRACTS / "schemas" / f"{name}.json").read_text())
    checker = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    checker.validate(example(name))
    checker.check_schema(schema)
    broken = {**example(name), "partitionkey": 1}
    assert list(checker.iter_errors(broken))


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_ever_released_can_still_be_read(name: str) -> None:
    envelope = decode(EXAMPLES[name].read_bytes())
    event = EVENT_TYPES[name].read(envelope.data)
    assert json.loads(event.model_dump_json()) == envelope.data
    assert str(event.person_id) == envelope.key


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_reader_ignores_fields_that_a_newer_publisher_added(name: str) -> None:
    data = example(name)["data"]
    assert EVENT_TYPES[name].read({**data, "added_later": 1}) == EVENT_TYPES[name].read(data)


def test_no_example_is_of_an_event_that_nobody_publishes() -> None:
    assert set(EXAMPLES) == set(events())


def test_asyncapi_names_every_event_on_its_topic() -> None:
    written = json.loads((CONTRACTS / "asyncapi.json").read_text())
    assert written == asyncapi()
    for name, event in events().items():
        assert name in written["channels"][event.topic]["messages"]


@pytest.mark.parametrize("name", events())
def test_no_event_has_a_clear_field_for_a_personal_number_or_a_code(name: str) -> None:
    schema = json.loads((CONTRACTS / "schemas" / f"{name}.json").read_text())
    for field, kind in schema["properties"]["data"]["properties"].items():
        if (
            any(word in field for word in ("nir", "iban", "email", "code", "token", "old", "new"))
            and field not in CLEAR
        ):
            kinds = [each for each in kind.get("anyOf", [kind]) if each.get("type") != "null"]
            assert kinds == [{"$ref": "#/$defs/Sealed"}], field
