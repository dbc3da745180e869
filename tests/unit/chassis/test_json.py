"""What two parsers could read differently is refused."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.json import MalformedJson, check


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"",
        b"\xff",
        b'{"a": 1, "a": 2}',
        b'{"a": NaN}',
        b"[Infinity]",
        b'{"a": "\\ud800"}',
        b'{"\\ud800": 1}',
        b'{"a": "\\u0000"}',
        b'{"a": 9007199254740993}',
        b"[" * 100_000,
        b'{"a":' * 60_000,
    ],
)
def test_ambiguous_json_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedJson):
        check(body)


_text = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))
_plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | _text,
    lambda inner: st.lists(inner) | st.dictionaries(_text, inner),
)


@given(_plain)
def test_plain_json_passes(value: object) -> None:
    check(json.dumps(value).encode())
