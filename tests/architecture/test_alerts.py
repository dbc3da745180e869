"""Alarms watch what the services count."""

import re
from pathlib import Path

from prometheus_client import REGISTRY

from chassis import metrics

RULES = Path(__file__).parents[2] / "deploy" / "alerts" / "compte.rules.yml"


def test_every_metric_of_an_alarm_is_one_that_services_have() -> None:
    assert metrics.sprayed
    counted = {sample for family in REGISTRY.collect() for sample in (family.name, f"{family.name}_total")}
    watched = set(re.findall(r"compte_[a-z_]+", RULES.read_text()))
    assert {"compte_sprayed_codes_total", "compte_dead_total", "compte_outbox_oldest_seconds"} <= watched <= counted
