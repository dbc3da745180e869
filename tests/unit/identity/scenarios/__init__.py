"""What identity does, told once; run on the fake store and on the real one, so that the fake cannot lie."""

from tests.unit.identity.scenarios import codes, creation, sessions
from tests.unit.identity.scenarios.told import SCENARIOS, Scenario

__all__ = ["SCENARIOS", "Scenario", "codes", "creation", "sessions"]
