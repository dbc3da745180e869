"""Where a browser ends that came back from FranceConnect: on a page of ours, or in the application that sent it."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import orjson
from fastapi import Response
from fastapi.responses import RedirectResponse

from chassis.web import Unexpected
from services.gateway.api.access import LEAVING, Edge
from services.gateway.api.bodies import sent_by
from services.gateway.api.portal_info import TEXTS
from services.gateway.domain.calls import OK, Answer
from services.gateway.handlers.sessions import Tokens

LINKING, TEN_MINUTES = "franceconnect-link", 600
LOOP = "loop"
RESULT_PAGE, LOG_IN_PAGE, HOME_PAGE = "/franceconnect", "/connexion", "/accueil"


def refused(answer: Answer) -> Response:
    """The log-in page, which says why nobody is logged in."""
    if answer.status >= Unexpected.status:
        return _page(LOG_IN_PAGE, franceconnect="indisponible")
    return _page(LOG_IN_PAGE, franceconnect="boucle" if _chose_us(answer) else "refus")


def _chose_us(answer: Answer) -> bool:
    """Whether it was refused because this very account was chosen at FranceConnect (F31)."""
    return sent_by(answer.body).get("reason") == LOOP


def arrive(edge: Edge, answer: Answer, brought: Mapping[str, str | None]) -> Response:
    """The page of how it ended, with the session or the link ticket in cookies, or the link that opens the app."""
    if answer.status != OK:
        return refused(answer)
    outcome: dict[str, Any] = orjson.loads(answer.body)
    match outcome["outcome"]:
        case "to-app":
            return RedirectResponse(f"{edge.app_link}?{urlencode({k: v for k, v in brought.items() if v})}", 302)
        case "session" if outcome["client_id"] == "web":
            tokens = Tokens.read(outcome["session"])
            response = _page(HOME_PAGE + _after(answer))
            edge.give(response, tokens)
            if outcome.get("logout_url"):
                edge.keep(response, LEAVING, outcome["logout_url"], tokens.refresh_life)
            return response
        case "link-required":
            response = _page(LOG_IN_PAGE, franceconnect="lier")
            edge.keep(response, LINKING, outcome["link_ticket"], TEN_MINUTES)
            return response
        case "regime-not-covered" if regime := TEXTS.regime_at(outcome.get("portal")):
            return _page(RESULT_PAGE, resultat="regime-not-covered", regime=regime.id)
        case result:
            return _page(RESULT_PAGE, resultat=result)


def _after(answer: Answer) -> str:
    """Which write the page is to wait for: behind the `#`, since no script sees the headers of a redirect."""
    written = answer.headers.get("x-read-after")
    return f"#apres={written}" if written else ""


def _page(address: str, **query: str) -> Response:
    return RedirectResponse(f"{address}?{urlencode(query)}" if query else address, 302)
