"""What the pages do for whoever comes in and stays in: FranceConnect, its link, the second code, the next tokens."""

import pytest

from tests.unit.gateway.door import BREST, CHALLENGED, CHOOSE, IN, LINKED, LOG_IN, PROVISIONAL, at_the_door, providers
from tests.unit.gateway.pages import NODE, Answer, Met, Step, meet, problem, the_portal

pytestmark = pytest.mark.skipif(NODE is None, reason="no JavaScript outside a browser here")

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
    met = meet(met.left[0], {"GET /home": problem("unavailable", 503)})
    assert "FranceConnect n'ouvre pas encore ce compte" in met.text("status")


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


# The next tokens -----------------------------------------------------------------------------------------------------

OVER = problem("unauthenticated", 401)


def test_a_page_that_was_left_before_its_new_tokens_came_lets_the_next_one_ask_for_the_same() -> None:
    lost: dict[str, Answer] = {"GET /home": OVER, "POST /sessions/refresh": problem("unavailable", 503)}
    left = meet("/accueil", lost)
    again = meet("/accueil", lost, kept=left.kept)
    elsewhere = meet("/accueil", lost)
    first, second, other = (refreshed_with(each) for each in (left, again, elsewhere))
    assert first == second != other


def test_a_log_out_that_failed_leaves_the_next_page_to_ask_for_the_same() -> None:
    away = problem("unavailable", 503)
    met = meet(
        "/accueil",
        {"GET /home": OVER, "POST /sessions/refresh": away, "DELETE /sessions/current": away},
        ("click", "log-out"),
    )
    [left_with] = {each["key"] for each in met.calls if each["asked"] == "DELETE /sessions/current"}
    assert refreshed_with(met) == left_with


def test_tokens_that_came_are_followed_under_another_key() -> None:
    came: dict[str, Answer | list[Answer]] = {
        "GET /home": [OVER, problem("unavailable", 503)],
        "POST /sessions/refresh": IN,
    }
    first = meet("/accueil", came)
    second = meet("/accueil", came, kept=first.kept)
    assert refreshed_with(first) != refreshed_with(second)


def refreshed_with(met: Met) -> str:
    [key] = {each["key"] for each in met.calls if each["asked"] == "POST /sessions/refresh"}
    return str(key)
