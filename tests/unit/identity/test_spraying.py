"""One wrong code on many numbers raises the alarm; anything else does not (reliability A2)."""

import json
from datetime import timedelta

import pytest

from chassis import metrics
from chassis.telemetry import configure_logs
from services.identity.domain.access_code import AccessCode
from services.identity.domain.nir import Nir
from services.identity.spraying import Spraying
from tests.unit.identity.fakes import NOW, RULES

MINUTE = timedelta(minutes=1)


def alarms() -> float:
    return float(metrics.sprayed._value.get())


def number(order: int) -> Nir:
    return Nir(f"2850329990{order:03}")


def test_the_twentieth_number_raises_one_alarm_a_window_that_names_neither_code_nor_number(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logs("identity")
    spraying, before = Spraying(b"secret", RULES), alarms()
    for order in range(19):
        spraying.watch(number(order), AccessCode("9876"), NOW, refused=True)
    assert alarms() == before
    for order in range(19, 60):
        spraying.watch(number(order), AccessCode("9876"), NOW + MINUTE, refused=True)
    assert alarms() == before + 1
    [line] = capsys.readouterr().out.splitlines()
    assert (json.loads(line)["level"], json.loads(line)["count"]) == ("warning", 20)
    assert "9876" not in line
    assert "285032" not in line
    for order in range(20):
        spraying.watch(number(order), AccessCode("9876"), NOW + 10 * MINUTE, refused=True)
    assert alarms() == before + 2


def test_right_codes_one_number_and_many_codes_are_no_spraying() -> None:
    spraying, before = Spraying(b"secret", RULES), alarms()
    for order in range(50):
        spraying.watch(number(order), AccessCode("9876"), NOW, refused=False)
        spraying.watch(number(0), AccessCode("9876"), NOW, refused=True)
        spraying.watch(number(order), AccessCode(f"{order:04}"), NOW, refused=True)
        spraying.watch(number(order), AccessCode("5432"), NOW + order * MINUTE, refused=True)
    assert alarms() == before


def test_no_more_is_remembered_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.identity.spraying.MOST_CODES", 10)
    spraying = Spraying(b"secret", RULES)
    for code in range(100):
        spraying.watch(number(1), AccessCode(f"{code:04}"), NOW, refused=True)
    assert len(spraying._tried) == 10
