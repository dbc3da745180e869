"""Values that a text outside this project may change one day, each with the day from which it holds."""

import calendar
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Parameter:
    """A value that a text outside this project may change one day."""

    id: str
    valid_from: date
    value: int
    source: str


# The banner about payments to pass on to a complementary insurer looks as far back as the list of payments.
TO_SEND_MONTHS = (Parameter("home.to-send-months", date(2020, 7, 1), 6, "domain F45, F52"),)


def in_force(parameters: tuple[Parameter, ...], day: date) -> int:
    """The value that holds on this day; before the first one, the first one."""
    known = [each for each in parameters if each.valid_from <= day]
    return max(known or parameters, key=lambda each: (each.valid_from <= day, each.valid_from)).value


def months_before(day: date, months: int) -> date:
    """The same day of an earlier month, or that month's last day (31 August minus 6 is 28 or 29 February)."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
