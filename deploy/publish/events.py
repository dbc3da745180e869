"""Events as JSON Schema 2020-12 and as an AsyncAPI 3.0 document."""

from importlib import import_module
from typing import Any

from contracts.event import EVENT_TYPES, Event

PUBLISHERS = ("identity", "payments", "procedures", "notifications", "caisse")
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def events() -> dict[str, type[Event]]:
    """Every published event type, by name."""
    for publisher in PUBLISHERS:
        import_module(f"contracts.{publisher}")
    ours = {name: event for name, event in EVENT_TYPES.items() if name.partition(".")[0] in PUBLISHERS}
    return dict(sorted(ours.items()))


def schema(event: type[Event]) -> dict[str, Any]:
    """The whole message of an event type: the CloudEvents envelope around its data."""
    data = event.model_json_schema(mode="serialization", ref_template="#/$defs/{model}")
    definitions = data.pop("$defs", {})
    text = {"type": "string", "minLength": 1}
    document = {
        "$schema": DIALECT,
        "$id": f"/schemas/{event.type}.json",
        "title": event.type,
        "description": " ".join((event.__doc__ or "").split()),
        "type": "object",
        "required": ["specversion", "id", "type", "source", "subject", "partitionkey", "time", "sequence", "data"],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {**text, "description": "Unique for ever; a repeat is the same event."},
            "type": {"const": event.type},
            "source": {**text, "description": "Who says it, for instance /compte/identity."},
            "subject": {**text, "description": "The id of the thing the event is about."},
            "partitionkey": {"type": "string", "format": "uuid", "description": "The person's id; the Kafka key."},
            "time": {"type": "string", "format": "date-time"},
            "datacontenttype": {"const": "application/json"},
            "sequence": {
                "type": "integer",
                "minimum": 0,
                "description": "Counts this person's events from this source, from 1 without gaps; 0: not counted.",
            },
            "traceparent": {"type": "string", "description": "W3C trace context of the command that caused it."},
            "data": data,
        },
    }
    return {**document, "$defs": definitions} if definitions else document


def asyncapi() -> dict[str, Any]:
    """What this system sends and receives, for a subscriber who knows nothing of it."""
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    messages: dict[str, Any] = {}
    for name, event in events().items():
        messages[name] = _message(event)
        channel = channels.setdefault(event.topic, {"address": event.topic, "messages": {}})
        channel["messages"][name] = {"$ref": f"#/components/messages/{name}"}
        operations[name] = {
            "action": "receive" if event.topic.endswith(".inbound") else "send",
            "channel": {"$ref": f"#/channels/{event.topic}"},
            "messages": [{"$ref": f"#/channels/{event.topic}/messages/{name}"}],
        }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Compte: events",
            "version": "1",
            "description": "Facts about the personal account of health insurance. Key = person_id. See README.md.",
        },
        "defaultContentType": "application/cloudevents+json",
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages},
    }


def _message(event: type[Event]) -> dict[str, Any]:
    headers = {"type": "object", "properties": {name: {"type": "string"} for name in _HEADERS}}
    payload = {"schemaFormat": "application/schema+json;version=draft-2020-12"}
    return {
        "name": event.type,
        "title": event.__name__,
        "summary": (event.__doc__ or "").strip().splitlines()[0],
        "contentType": "application/cloudevents+json",
        "headers": headers,
        "payload": {**payload, "schema": {"$ref": f"./schemas/{event.type}.json"}},
    }


_HEADERS = ("ce_type", "ce_id", "ce_source", "ce_subject", "traceparent", "content-type")
