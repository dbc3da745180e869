"""Civil dates: how they are written, and months and years before them, clamped to the end of a shorter month."""

import calendar
from datetime import date


def civil_date(text: object) -> date:
    """The day written as YYYY-MM-DD. Raises ValueError for any other way to write one."""
    day = date.fromisoformat(str(text))
    if day.isoformat() != text:
        raise ValueError("a civil date is YYYY-MM-DD")
    return day


def months_before(day: date, months: int) -> date:
    """The same day that many months earlier: six before 31 August is 28 or 29 February."""
    index = day.year * 12 + day.month - 1 - months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def years_before(day: date, years: int) -> date:
    """The same day that many years earlier."""
    return months_before(day, 12 * years)
