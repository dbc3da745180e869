"""How an event travels."""

import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.envelope import Envelope, MalformedEnvelope, decode, encode, headers

ENVELOPE = Envelope(
    id="e1",
    type="toy.Said.v1",
    source="/compte/toy",
    subject="s1",
    key="p1",
    time=datetime(2026, 11, 24, 8, tzinfo=UTC),
    data={"word": "été"},
    sequence=7,
    traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
)


def test_an_envelope_survives_the_way() -> None:
    assert decode(encode(ENVELOPE)) == ENVELOPE


def test_the_headers_route_and_trace_without_reading_the_value() -> None:
    assert dict(headers(ENVELOPE))["ce_type"] == b"toy.Said.v1"
    assert dict(headers(ENVELOPE))["traceparent"].startswith(b"00-0af7")


@pytest.mark.parametrize("value", [None, b"", b"[]", b"{", b'{"specversion": "1.0"}', b'{"specversion": "0.3"}'])
def test_what_is_no_cloudevent_is_malformed(value: bytes | None) -> None:
    with pytest.raises(MalformedEnvelope):
        decode(value)


@given(st.binary())
def test_no_bytes_whatever_break_the_reader(value: bytes) -> None:
    with contextlib.suppress(MalformedEnvelope):
        decode(value)


def test_a_malformed_message_is_not_quoted() -> None:
    with pytest.raises(MalformedEnvelope) as malformed:
        decode(b'{"specversion": "1.0", "id": {"nir": "285032999090195"}}')
    assert "285032999090195" not in str(malformed.value)
