"""What the pages do for a person: the caisse and its card, FranceConnect, the second code, the home page."""

from typing import Any

import pytest

from services.gateway.api.portal_info import DIRECTORY
from tests.unit.gateway.pages import NODE, Answer, Met, Step, meet, problem, the_portal

pytestmark = pytest.mark.skipif(NODE is None, reason="no JavaScript outside a browser here")

BREST, PARIS, EVERYBODY = (DIRECTORY.contact(code) for code in ("29", "75", None))
LA_POSTE, IMPOTS = {"id": "la-poste", "label": "La Poste"}, {"id": "impots.gouv", "label": "impots.gouv.fr"}
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


# FranceConnect -------------------------------------------------------------------------------------------------------


def test_while_franceconnect_is_out_its_button_is_disabled_and_says_why_and_the_code_works() -> None:
    out = at_the_door(offered=providers(enabled=False))
    assert out.seen["franceconnect"]["disabled"]
    assert "FranceConnect ne répond pas" in out.text("franceconnect-notice")
    assert not out.shown("providers")
    assert at_the_door(*LOG_IN, offered=providers(enabled=False), sessions=IN).left == ["/accueil"]

    up = at_the_door()
    assert not up.seen["franceconnect"]["disabled"]
    assert (up.text("franceconnect-notice"), up.shown("providers")) == ("", True)


def test_a_remembered_provider_is_selected_and_nothing_follows_by_itself() -> None:
    met = at_the_door(offered=providers(preselected="la-poste"))
    assert met.seen["provider-la-poste"]["checked"]
    assert "La Poste" in met.text("remembered")
    assert met.left == []
    assert at_the_door().seen["provider-"]["checked"]


@pytest.mark.parametrize(
    ("picks", "query"),
    [
        ([], "client_id=web"),
        (["provider-la-poste"], "client_id=web&provider=la-poste"),
        (["provider-la-poste", "remember"], "client_id=web&provider=la-poste&remember=true"),
        (["remember"], "client_id=web"),
    ],
)
def test_the_button_leads_to_franceconnect_with_what_was_picked(picks: list[str], query: str) -> None:
    met = at_the_door(*(("pick", each) for each in picks), ("click", "franceconnect"))
    assert met.left == [f"/api/v1/franceconnect/authorize?{query}"]


def test_a_choice_is_forgotten_on_request() -> None:
    met = meet(
        "/connexion",
        {
            "GET /franceconnect/providers": providers(preselected="la-poste"),
            "DELETE /franceconnect/choice": Answer(status=204),
        },
        ("click", "forget-choice"),
    )
    assert met.asked("DELETE /franceconnect/choice") == [None]
    assert not met.seen["provider-la-poste"]["checked"]
    assert not met.shown("remembered")
    assert "oublié" in met.text("status")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("boucle", "ameli"),
        ("refus", "n'a pas abouti"),
        ("indisponible", "ne répond pas"),
        ("lier", "Vous avez déjà un compte"),
    ],
)
def test_the_log_in_page_says_what_franceconnects_way_came_to(query: str, said: str) -> None:
    assert said in at_the_door(query=f"?franceconnect={query}").text("status")


@pytest.mark.parametrize("query", ["", "?franceconnect=", "?franceconnect=x", "?franceconnect=toString"])
def test_an_address_makes_the_page_say_nothing_else(query: str) -> None:
    assert not at_the_door(query=query).shown("status")


def test_another_regime_is_named_by_the_portals_data_with_its_own_portal() -> None:
    regime = {"id": "msm", "label": "Régime de la mer", "url": "https://mer.exemple.invalid"}
    told = Answer({**the_portal().body, "regimes": [regime]})
    met = meet("/franceconnect?resultat=regime-not-covered&regime=msm", {"GET /portal": told})
    assert "Régime de la mer" in met.text("result")
    assert met.seen["result"]["links"] == ["https://mer.exemple.invalid"]
    unknown = meet("/franceconnect?resultat=regime-not-covered&regime=https://autre.exemple.invalid", {})
    assert "autre régime" in unknown.text("result")
    assert unknown.seen["result"]["links"] == []


# The link ------------------------------------------------------------------------------------------------------------

NOT_OURS = problem("not-found", 404)
LINK, OPEN = "?franceconnect=lier", "/accueil"


def test_a_log_in_with_the_own_code_links_franceconnect_and_goes_home() -> None:
    met = at_the_door(*LOG_IN, query=LINK, sessions=IN, link=LINKED)
    assert (len(met.asked("POST /me/franceconnect")), met.left) == (1, [OPEN])
    without = at_the_door(*LOG_IN, sessions=IN)
    assert (without.asked("POST /me/franceconnect"), without.left) == ([], [OPEN])


def test_with_a_provisional_code_the_link_follows_the_choice_of_a_code() -> None:
    met = at_the_door(*LOG_IN, query=LINK, sessions=PROVISIONAL)
    assert (met.asked("POST /me/franceconnect"), met.left) == ([], [f"/choisir-mon-code{LINK}"])

    chosen: dict[str, Answer] = {"PUT /me/code": Answer(status=204), "POST /me/franceconnect": LINKED}
    met = meet(met.left[0], chosen, *CHOOSE)
    written = [each["asked"] for each in met.calls if not each["asked"].startswith("GET")]
    assert (written, met.left) == (["PUT /me/code", "POST /me/franceconnect"], [OPEN])

    met = at_the_door(*LOG_IN, sessions=PROVISIONAL)
    assert met.left == ["/choisir-mon-code"]
    met = meet(met.left[0], chosen, *CHOOSE)
    assert (met.asked("POST /me/franceconnect"), met.left) == ([], [OPEN])


@pytest.mark.parametrize("refusal", [NOT_OURS, problem("unavailable", 503)])
def test_a_link_that_is_refused_still_leads_home_where_a_notice_says_so(refusal: Answer) -> None:
    chosen: dict[str, Answer] = {"PUT /me/code": Answer(status=204), "POST /me/franceconnect": refusal}
    for met in (
        at_the_door(*LOG_IN, query=LINK, sessions=IN, link=refusal),
        meet(f"/choisir-mon-code{LINK}", chosen, *CHOOSE),
    ):
        assert met.left == ["/accueil?franceconnect=non-lie"]
    met = meet(met.left[0], {"GET /home": home()})
    assert "FranceConnect n'ouvre pas encore ce compte" in met.text("status")
    assert "Bonjour Lucie EXEMPLE" in met.text("greeting")


def test_a_link_without_a_session_leads_to_the_log_in() -> None:
    over = problem("unauthenticated", 401)
    chosen = {"PUT /me/code": Answer(status=204), "POST /me/franceconnect": over, "POST /sessions/refresh": over}
    assert meet(f"/choisir-mon-code{LINK}", chosen, *CHOOSE).left == ["/connexion"]


# The second code -----------------------------------------------------------------------------------------------------

WRONG = problem("challenge-refused", 401)
SECOND: tuple[Step, ...] = (("type", "second_code", "123456"), ("submit", "challenge"))


def test_a_new_device_asks_for_a_second_code_which_opens_the_home_page() -> None:
    challenged = Answer(CHALLENGED, 202)
    met = at_the_door(*LOG_IN, sessions=challenged)
    assert (met.shown("challenge"), met.shown("log-in"), met.left) == (True, False, [])
    assert "Un code part." in met.text("status")
    assert BREST.name in met.text("contact-card")

    met = at_the_door(*LOG_IN, *SECOND, sessions=challenged, challenge=IN)
    assert met.asked("POST /sessions/challenges/c-1") == [
        {"code": "123456", "client_id": "web", "remember_device": True}
    ]
    assert met.left == [OPEN]


def test_whoever_uses_a_shared_device_leaves_it_unknown() -> None:
    forgets: Step = ("untick", "remember-device")
    met = at_the_door(*LOG_IN, forgets, *SECOND, sessions=Answer(CHALLENGED, 202), challenge=IN)
    assert [each["remember_device"] for each in met.asked("POST /sessions/challenges/c-1")] == [False]


def test_a_wrong_second_code_may_be_typed_again_and_an_expired_one_leads_back() -> None:
    wrong = at_the_door(*LOG_IN, *SECOND, sessions=Answer(CHALLENGED, 202), challenge=WRONG)
    assert (wrong.shown("challenge"), wrong.shown("log-in")) == (True, False)
    assert "Refus challenge-refused" in wrong.text("alert")

    late = at_the_door(*LOG_IN, ("wait", 601), *SECOND, sessions=Answer(CHALLENGED, 202), challenge=WRONG)
    assert (late.shown("challenge"), late.shown("log-in")) == (False, True)
    assert "Refus challenge-refused" in late.text("alert")
    assert (late.seen["code"]["value"], late.seen["second_code"]["value"]) == ("", "")


def test_whoever_waits_for_a_second_code_can_begin_the_log_in_again() -> None:
    once = Answer(CHALLENGED, 202)
    again = at_the_door(*LOG_IN, ("click", "again"), *LOG_IN, *SECOND, sessions=[once, once], challenge=IN)
    assert (len(again.asked("POST /sessions")), again.left) == (2, [OPEN])


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
