"""The only place that reads a clock. Rules get the time as an argument."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")


def now() -> datetime:
    """This instant in UTC, cut to the millisecond that MongoDB keeps."""
    instant = datetime.now(UTC)
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


def today() -> date:
    """The civil date in Europe/Paris."""
    return now().astimezone(PARIS).date()
