"""The log-in page as a visitor meets it, and what the API says there."""

from typing import Any

from services.gateway.api.portal_info import DIRECTORY
from tests.unit.gateway.pages import Answer, Met, Step, meet

BREST, PARIS, EVERYBODY = (DIRECTORY.contact(code) for code in ("29", "75", None))
LA_POSTE, IMPOTS = {"id": "la-poste", "label": "La Poste"}, {"id": "impots.gouv", "label": "impots.gouv.fr"}
CHALLENGED = {
    "challenge_id": "c-1",
    "expires_in": 600,
    "message": "Un code part.",
    "spam_hint": "Voyez les spams.",
    "contact": BREST.model_dump(),
}
IN, PROVISIONAL = (Answer({"expires_in": 300, "code_change_required": each}) for each in (False, True))
LINKED = Answer(status=204)
LOG_IN: tuple[Step, ...] = (("type", "nir", "2850329990901"), ("type", "code", "4711"), ("submit", "log-in"))
CHOOSE: tuple[Step, ...] = (("type", "new_code", "271828"), ("type", "confirmation", "271828"), ("submit", ""))


def providers(*, enabled: bool = True, preselected: str | None = None) -> Answer:
    """What FranceConnect offers."""
    return Answer({"enabled": enabled, "providers": [LA_POSTE, IMPOTS], "preselected": preselected})


def at_the_door(*steps: Step, query: str = "", **answers: Any) -> Met:
    """The log-in page."""
    calls = {
        "sessions": "POST /sessions",
        "challenge": "POST /sessions/challenges/c-1",
        "link": "POST /me/franceconnect",
    }
    said = {calls[name]: answer for name, answer in answers.items() if name in calls}
    offered = answers.get("offered", providers())
    return meet(
        f"/connexion{query}", {"GET /franceconnect/providers": offered, **said}, *steps, cookies=answers.get("cookies")
    )
