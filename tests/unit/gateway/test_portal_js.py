"""What the pages do for a person: the caisse and its card, what a form leaves, the home page."""

from typing import Any

import pytest

from tests.unit.gateway.door import BREST, EVERYBODY, IN, LOG_IN, PARIS, at_the_door, providers
from tests.unit.gateway.pages import NODE, Answer, Step, meet, problem

pytestmark = pytest.mark.skipif(NODE is None, reason="no JavaScript outside a browser here")

STUCK = (
    "/creer-mon-compte",
    "/creer-mon-compte-avec-ma-carte",
    "/connexion",
    "/code-oublie",
    "/choisir-mon-code",
    "/franceconnect",
    "/ce-n-est-pas-moi",
)
NEUTRAL = {"message": "Un e-mail part.", "spam_hint": "Voyez les spams.", "contact": PARIS.model_dump()}


def home(**but: Any) -> Answer:
    """The home page."""
    ok = {"status": "ok"}
    page = {
        "account": {**ok, "first_name": "Lucie", "last_name": "EXEMPLE"},
        "previous_login": {**ok, "label": "Dernière connexion : 20/06/2019 à 15:38 (site web)", "failed_attempts": 0},
        "banners": {**ok, "banners": []},
        "latest_payments": {**ok, "payments": []},
        "requests_in_progress": {**ok, "requests": []},
        "quick_requests": {**ok, "requests": []},
        "caisse": {**ok, "code": "29", "name": BREST.name, "town": "Brest", "phone": BREST.phone},
        "as_of": None,
    }
    return Answer({**page, **but})


# The caisse ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", STUCK)
def test_every_page_on_which_one_can_be_stuck_shows_the_card_of_the_caisse_that_was_chosen(address: str) -> None:
    answers = {"GET /franceconnect/providers": providers()}
    general = meet(address, answers).text("contact-card")
    assert EVERYBODY.name in general
    assert BREST.name not in general
    for said, kept in (("", {"caisse": "29"}), ("?caisse=29", {}), ("?caisse=29", {"caisse": "31"})):
        met = meet(address + said, answers, cookies=kept)
        assert all(each in met.text("contact-card") for each in (BREST.name, BREST.phone, BREST.hours)), said
        assert BREST.appointment_url in met.seen["contact-card"]["links"]


@pytest.mark.parametrize("address", STUCK)
def test_without_the_api_the_number_that_serves_everybody_stays(address: str) -> None:
    away = {f"GET /{path}": problem("unavailable", 503) for path in ("portal", "franceconnect/providers")}
    assert EVERYBODY.phone in meet(address, away).text("contact-card")


@pytest.mark.parametrize("address", ["/creer-mon-compte", "/creer-mon-compte-avec-ma-carte", "/code-oublie"])
def test_after_the_neutral_answer_there_is_the_card_it_brought_and_a_way_on(address: str) -> None:
    asked = {call: Answer(NEUTRAL, 202) for call in ("POST /accounts", "POST /code-resets")}
    met = meet(address, asked, ("type", "nir", "1"), ("submit", ""))
    assert "Un e-mail part." in met.text("status")
    assert met.seen["status"]["links"] == ["/connexion"]
    assert not met.shown("nir")
    assert PARIS.name in met.text("contact-card")


def test_a_browser_tries_the_code_it_asked_for_under_the_key_with_which_it_asked() -> None:
    steps: tuple[Step, ...] = (("type", "nir", "2850329990901"), ("type", "birth_date", "14/03/1985"), ("submit", ""))
    asked = meet("/code-oublie", {"POST /code-resets": Answer(NEUTRAL, 202)}, *steps)
    [key] = [each["key"] for each in asked.calls if each["asked"] == "POST /code-resets"]
    assert asked.kept["asked-with"] == key
    answers = {"GET /franceconnect/providers": providers(), "POST /sessions": IN}
    [typed] = meet("/connexion", answers, *LOG_IN, kept=asked.kept).asked("POST /sessions")
    assert typed["asked_with"] == key
    [typed] = meet("/connexion", answers, *LOG_IN).asked("POST /sessions")
    assert "asked_with" not in typed


def test_a_log_in_that_is_blocked_shows_the_card_that_the_refusal_brought() -> None:
    blocked = problem("too-many-attempts", 429, contact=BREST.model_dump())
    met = at_the_door(*LOG_IN, sessions=blocked)
    assert "Refus too-many-attempts" in met.text("alert")
    assert BREST.name in met.text("contact-card")


def test_a_form_is_sent_with_the_caisse_that_the_address_names() -> None:
    met = meet("/code-oublie?caisse=29", {"POST /code-resets": Answer(NEUTRAL, 202)}, ("submit", ""))
    assert "POST /code-resets?caisse=29" in [each["asked"] for each in met.calls]


def test_a_visitor_chooses_a_caisse_and_may_choose_none_again() -> None:
    choices = Answer({"caisses": [{"code": "29", "name": BREST.name, "department": "Finistère"}]})
    choose = ("click", "caisse-change"), ("choose", "caisse", "29")
    met = meet("/", {"GET /caisses": choices}, *choose)
    assert (met.text("caisse-name"), met.cookies) == ("Finistère", {"caisse": "29"})
    assert BREST.name in met.text("contact")
    assert met.shown("near-you")

    met = meet("/", {"GET /caisses": choices}, choose[0], ("choose", "caisse", ""), cookies={"caisse": "29"})
    assert (met.text("caisse-name"), met.cookies) == ("non choisie", {})
    assert EVERYBODY.name in met.text("contact")


@pytest.mark.parametrize("address", ["/", "/aide", "/connexion"])
def test_after_a_log_in_the_caisse_of_affiliation_wins_wherever_one_comes_next(address: str) -> None:
    kept = meet("/accueil", {"GET /home": home()}, cookies={"caisse": "75"}).cookies
    assert kept == {"caisse": "29"}
    helped = {
        f"GET /help?channel=web{said}": Answer({"topics": [], "contact": contact.model_dump()})
        for said, contact in (("&caisse=29", BREST), ("&caisse=75", PARIS))
    }
    met = meet(address, {"GET /franceconnect/providers": providers(), **helped}, cookies=kept)
    assert BREST.name in met.text("contact-card" if address == "/connexion" else "contact")


def test_a_home_page_that_does_not_know_the_caisse_yet_leaves_the_choice() -> None:
    unknown = home(caisse={"status": "unavailable"})
    assert meet("/accueil", {"GET /home": unknown}, cookies={"caisse": "75"}).cookies == {"caisse": "75"}


# The home page -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, ""),
        (1, " – 1 tentative de connexion refusée avant celle-ci"),
        (3, " – 3 tentatives de connexion refusées avant celle-ci"),
    ],
)
def test_the_previous_log_in_stands_beside_what_was_refused_since(count: int, said: str) -> None:
    label = "Dernière connexion : 20/06/2019 à 15:38 (site web)"
    before = {"status": "ok", "label": label, "failed_attempts": count}
    met = meet("/accueil", {"GET /home": home(previous_login=before)})
    assert met.text("greeting") == "Bonjour Lucie EXEMPLE"
    assert met.text("previous-login") == label + said
