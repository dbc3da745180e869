"""Every legal age and delay of procedures, with the day from which it holds and where it comes from."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Parameter:
    """One value of a rule, in force from `valid_from` until the next one. The id ends in the unit."""

    id: str
    valid_from: date
    value: int
    source: str


class NotInForce(LookupError):
    """No value of this parameter holds on that day."""


class Parameters:
    """The table of rules. A later row replaces an earlier one of the same id and day."""

    def __init__(self, rows: Iterable[Parameter]) -> None:
        self._rows: dict[str, list[Parameter]] = {}
        for row in rows:
            self._rows.setdefault(row.id, []).append(row)
        for known in self._rows.values():
            known.sort(key=lambda row: row.valid_from)

    def get(self, parameter_id: str, on: date) -> int:
        """The value in force on that day. Raises NotInForce."""
        rows = [row for row in self._rows.get(parameter_id, ()) if row.valid_from <= on]
        if not rows:
            raise NotInForce(f"{parameter_id} on {on}")
        return rows[-1].value


_SEED = date(2020, 7, 1)

BUILT_IN = (
    Parameter("vitale-card.age-years", _SEED, 16, "domain 3.16"),
    Parameter("vitale-card.age-with-parent-years", _SEED, 12, "alan.com (domain 3.16)"),
    Parameter("vitale-card.delay-days", _SEED, 14, "cpam-info.fr, ma-vie-administrative.fr (domain F59)"),
)
