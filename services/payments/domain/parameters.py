"""Every legal amount, age and delay of payments, with the day from which it holds and where it comes from."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Parameter:
    """One value of a rule, in force from `valid_from` until the next one. Amounts are cents of EUR."""

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

    def find(self, parameter_id: str, on: date) -> Parameter | None:
        """The row in force on that day, or None before the first one."""
        rows = [row for row in self._rows.get(parameter_id, ()) if row.valid_from <= on]
        return rows[-1] if rows else None

    def get(self, parameter_id: str, on: date) -> Parameter:
        """The row in force on that day. Raises NotInForce."""
        found = self.find(parameter_id, on)
        if found is None:
            raise NotInForce(f"{parameter_id} on {on}")
        return found


_PF, _FM = date(2005, 1, 1), date(2008, 1, 1)
_PF_DOUBLED, _FM_DOUBLED = date(2024, 5, 15), date(2024, 3, 31)

BUILT_IN = (
    Parameter("reimbursement.gross", date(2002, 1, 1), 1, "arrondi au centime par ligne (domain 3.8)"),
    Parameter("participation.act", _PF, 100, "mutame-plus 2024 (domain 3.9)"),
    Parameter("participation.act", _PF_DOUBLED, 200, "mutame-plus 2024 (domain 3.9)"),
    Parameter("participation.day", _PF, 400, "quatre actes par jour (domain 3.9)"),
    Parameter("participation.day", _PF_DOUBLED, 800, "ucr.fr (domain 3.9)"),
    Parameter("participation.year", _PF, 5000, "ccas-ratp.fr (domain 3.9)"),
    Parameter("franchise.box", _FM, 50, "quechoisir 120782 (domain 3.10)"),
    Parameter("franchise.box", _FM_DOUBLED, 100, "quechoisir 120782 (domain 3.10)"),
    Parameter("franchise.paramedical-act", _FM, 50, "quechoisir 120782 (domain 3.10)"),
    Parameter("franchise.paramedical-act", _FM_DOUBLED, 100, "quechoisir 120782 (domain 3.10)"),
    Parameter("franchise.paramedical-day", _FM, 200, "quechoisir 120782 (domain 3.10)"),
    Parameter("franchise.paramedical-day", _FM_DOUBLED, 400, "quechoisir 120782 (domain 3.10)"),
    Parameter("franchise.transport-leg", _FM, 200, "quechoisir 120782 (domain 3.10)"),
    Parameter("franchise.transport-leg", _FM_DOUBLED, 400, "quechoisir 120782 (domain 3.10)"),
    Parameter("franchise.transport-day", _FM, 400, "quechoisir 120782 (domain 3.10)"),
    Parameter("franchise.transport-day", _FM_DOUBLED, 800, "quechoisir 120782 (domain 3.10)"),
    Parameter("franchise.year", _FM, 5000, "quechoisir 120782 (domain 3.10)"),
    Parameter("contribution.age", _PF, 18, "ccas-ratp.fr (domain 3.9)"),
    Parameter("contribution.age-on-1-january", _PF, 0, "0 : âge au jour des soins, 1 : au 1er janvier (domain 3.9)"),
    Parameter("contribution.recovery-years", _PF, 5, "question AN 52700 (domain 3.7)"),
    Parameter("payments.window-months", date(2002, 1, 1), 6, "diapositives 14-15 (domain F45)"),
)
