"""How the numbers of rules are kept: each with the day from which it holds and where it comes from."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Parameter:
    """One value of a rule, in force from `valid_from` until the next one.

    Amounts are cents of EUR; otherwise the id ends in the unit.
    """

    id: str
    valid_from: date
    value: int
    source: str


class NotInForce(LookupError):
    """No value of this parameter holds on that day."""


class DatedParameters:
    """A table of rules. A later row replaces an earlier one of the same id and day."""

    def __init__(self, rows: Iterable[Parameter]) -> None:
        self._rows: dict[str, list[Parameter]] = {}
        for row in rows:
            self._rows.setdefault(row.id, []).append(row)
        for known in self._rows.values():
            known.sort(key=lambda row: row.valid_from)

    def find(self, parameter_id: str, on: date) -> Parameter | None:
        """The row in force on that day, or None before the first one."""
        rows = [row for row in self._rows.get(parameter_id, ()) if row.valid_from <= on]
        return rows[-1] if rows else None

    def row(self, parameter_id: str, on: date) -> Parameter:
        """The row in force on that day. Raises NotInForce."""
        found = self.find(parameter_id, on)
        if found is None:
            raise NotInForce(f"{parameter_id} on {on}")
        return found

    def rows(self, parameter_id: str, since: date, until: date) -> Sequence[Parameter]:
        """The rows that were in force on one of these days, or on several."""
        by_day = {row.valid_from: row for row in self._rows.get(parameter_id, ()) if row.valid_from <= until}
        first = max((day for day in by_day if day <= since), default=since)
        return [row for day, row in by_day.items() if day >= first]
