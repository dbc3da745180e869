"""What the pages of the mailbox and of the traces have in common: French, no script, nothing from elsewhere."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from aiohttp import web
from babel.dates import format_datetime
from babel.numbers import format_decimal
from jinja2 import Environment, FileSystemLoader, StrictUndefined

PARIS = ZoneInfo("Europe/Paris")
POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; form-action 'self'; base-uri 'none'"
_MICROSECOND, _MILLISECOND, _SECOND = 1_000, 1_000_000, 1_000_000_000


def render(template: str, *, status: int = 200, **context: object) -> web.Response:
    """A page, with every value escaped."""
    text = _environment.get_template(template).render(context)
    headers = {"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
    return web.Response(text=text, status=status, content_type="text/html", headers=headers)


def instant(value: str | int) -> str:
    """An instant (ISO text, or nanoseconds) as one says it in France."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else datetime.fromtimestamp(value / _SECOND, UTC)
    return format_datetime(moment, "d MMMM y 'à' HH:mm:ss", tzinfo=PARIS, locale="fr")


def duration(nanoseconds: int) -> str:
    """A length of time in the unit that suits it."""
    if nanoseconds < _MILLISECOND:
        return f"{format_decimal(nanoseconds / _MICROSECOND, '#,##0', locale='fr')} µs"
    if nanoseconds < _SECOND:
        return f"{format_decimal(nanoseconds / _MILLISECOND, '#,##0.0', locale='fr')} ms"
    return f"{format_decimal(nanoseconds / _SECOND, '#,##0.00', locale='fr')} s"


_environment = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters |= {"instant": instant, "duration": duration}
