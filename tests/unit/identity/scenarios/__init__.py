"""What identity does, told once; run on the fake store and on the real one, so that the fake cannot lie."""

from tests.unit.identity.scenarios import (
    access_log,
    certification,
    closing,
    codes,
    counter,
    creation,
    devices,
    emails,
    federation,
    freezing,
    moving,
    passkeys,
    proofs,
    reach,
    renaming,
    sessions,
    waiting,
)
from tests.unit.identity.scenarios.told import SCENARIOS, Scenario

__all__ = [
    "SCENARIOS",
    "Scenario",
    "access_log",
    "certification",
    "closing",
    "codes",
    "counter",
    "creation",
    "devices",
    "emails",
    "federation",
    "freezing",
    "moving",
    "passkeys",
    "proofs",
    "reach",
    "renaming",
    "sessions",
    "waiting",
]
