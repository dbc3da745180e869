"""What may leave a process in a span or a log line."""

import json
import logging

import pytest

from chassis import telemetry
from chassis.telemetry import UndeclaredName, log, redact, span


def test_an_undeclared_span_or_attribute_raises() -> None:
    with pytest.raises(UndeclaredName), span("dance", "floor"):
        pass
    with pytest.raises(UndeclaredName), span("commit", "x", attributes={"nir": "1"}):
        pass


@pytest.mark.parametrize(
    "number", ["285032999090195", "2 85 03 29 990 901 95", "FR59 1234 5123 4500 00DE MO00 115", "12345678"]
)
def test_a_personal_number_in_a_foreign_log_line_is_cut_out(number: str) -> None:
    assert "[…]" in redact(f"bad value {number}!")
    assert number not in redact(f"bad value {number}!")


def test_a_log_line_is_json_with_declared_fields_only(capsys: pytest.CaptureFixture[str]) -> None:
    telemetry.configure_logs("toy")
    log.info("relay waits", cause="TimeoutError", secret_code="98765432")
    logging.getLogger("foreign.library").warning("cannot reach %s", "285032999090195")
    ours, theirs = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert ours["event"] == "relay waits"
    assert ours["service"] == theirs["service"] == "toy"
    assert "secret_code" not in ours
    assert "285032999090195" not in json.dumps(theirs)
