"""Whether a record is what it says it is: its type's publisher speaks, on the type's own topic, of its own person.

A broker with access lists refuses a stranger's record before it gets here (deploy/kafka); this holds where it did not.
Nothing of a record that is refused goes further than this file: not to a log, a span, a metric or a dead letter.
"""

import re

from contracts.envelope import Envelope, MalformedEnvelope, decode
from contracts.event import EVENT_TYPES, Event

LARGEST = 64 * 1024
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TYPE = re.compile(r"[a-z]{1,20}\.[A-Za-z]{1,60}\.v[1-9][0-9]{0,2}")
OPAQUE = re.compile(r"[A-Za-z0-9._-]{1,64}")
# A NIR or another number that belongs to a person, once what stands between its groups is gone.
NUMBER_OF_A_PERSON = re.compile(r"[0-9]{10,}|[0-9]{5}2[AB][0-9]{6}([0-9]{2})?")
TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def believed(topic: str, key: str, value: bytes) -> Envelope:
    """The envelope of a record that may be acted on. Raises MalformedEnvelope, whose text quotes nothing."""
    if len(value) > LARGEST:
        raise MalformedEnvelope("larger than 64 kB")
    envelope = decode(value)
    if wrong := [name for name, right in _attributes(envelope) if not right]:
        raise MalformedEnvelope(f"unreadable attributes: {', '.join(wrong)}")
    if not key == envelope.key == envelope.data.get("person_id"):
        raise MalformedEnvelope("the key is not the person of the event")
    if not any(event.comes_from(envelope.source) and event.topic == topic for event in _like(envelope.type)):
        raise MalformedEnvelope("not from its publisher on its own topic")
    return envelope


def _attributes(envelope: Envelope) -> list[tuple[str, bool]]:
    return [
        ("id", UUID.fullmatch(envelope.id) is not None),
        ("partitionkey", UUID.fullmatch(envelope.key) is not None),
        ("subject", is_opaque(envelope.subject)),
        ("time", envelope.time.tzinfo is not None),
        ("traceparent", envelope.traceparent is None or TRACEPARENT.fullmatch(envelope.traceparent) is not None),
        ("type", TYPE.fullmatch(envelope.type) is not None),
    ]


def is_opaque(subject: str) -> bool:
    """Whether a subject is an id of ours, or something like a tracking number; never a number that names a person."""
    if UUID.fullmatch(subject):
        return True
    return bool(OPAQUE.fullmatch(subject)) and not NUMBER_OF_A_PERSON.fullmatch(re.sub(r"[._-]", "", subject).upper())


def _like(event_type: str) -> list[type[Event]]:
    """The event of this type, or while this process does not know it, those of the same publisher."""
    if known := EVENT_TYPES.get(event_type):
        return [known]
    publisher = event_type.partition(".")[0]
    return [event for event in EVENT_TYPES.values() if event.publisher() == publisher]
