"""Who may call what, and when a service is left alone."""

import pytest

from contracts.channel import Channel
from contracts.problems import Unauthenticated
from services.gateway.domain.breaker import FAILURES, REST_SECONDS, Breaker
from services.gateway.domain.capabilities import CAPABILITIES, PREFIX, Access, Capability, capability, features
from services.gateway.domain.freshness import UnreadableReadAfter, behind, read_after
from services.gateway.domain.sessions import (
    ChannelNotAllowed,
    CodeChangeRequired,
    CrossSiteRequest,
    Provenance,
    admit,
)
from tests.unit.gateway.builders import a_session

SITE = "https://compte.exemple.invalid"
WEB_ONLY = Capability(
    "GET", "/x", "payments", Access.SESSION, ("F47",), "A web feature", channels=frozenset({Channel.WEB})
)


def test_a_public_route_needs_no_session_and_any_other_does() -> None:
    admit(None, capability("POST", "/accounts"))
    with pytest.raises(Unauthenticated):
        admit(None, capability("GET", "/home"))


def test_a_session_of_the_wrong_channel_is_told_where_the_feature_is() -> None:
    admit(a_session(), WEB_ONLY)
    with pytest.raises(ChannelNotAllowed) as refusal:
        admit(a_session(channel=Channel.APP), WEB_ONLY)

    document = refusal.value.document("fr")
    assert document["type"] == "/problems/channel-not-allowed"
    assert document["channels"] == ["web"]
    assert "le site web" in document["detail"]


def test_a_provisional_code_opens_only_the_choice_of_a_code() -> None:
    session = a_session(scope="code-change")
    allowed = {(each.method, each.path) for each in CAPABILITIES if _admits(session, each)}

    public = {(each.method, each.path) for each in CAPABILITIES if each.access is Access.PUBLIC}
    assert allowed - public == {("PUT", "/me/code"), ("DELETE", "/sessions/current"), ("DELETE", "/sessions")}
    with pytest.raises(CodeChangeRequired):
        admit(session, capability("GET", "/home"))


def _admits(session: object, wanted: Capability) -> bool:
    try:
        admit(session, wanted)  # type: ignore[arg-type]
    except CodeChangeRequired:
        return False
    return True


@pytest.mark.parametrize(
    ("said", "proof"),
    [
        (Provenance(origin=SITE), True),
        (Provenance(fetch_site="same-origin"), True),
        (Provenance(SITE, "same-origin"), True),
        (Provenance(), False),
    ],
)
def test_our_own_pages_may_act_and_an_application_says_nothing(said: Provenance, proof: bool) -> None:
    said.check(SITE, proof=proof)


@pytest.mark.parametrize(
    ("said", "proof"),
    [
        (Provenance(origin="https://autre.invalid"), False),
        (Provenance(origin="null"), False),
        (Provenance(origin=f"{SITE}.autre.invalid"), False),
        (Provenance(fetch_site="cross-site"), False),
        (Provenance(fetch_site="same-site"), False),
        (Provenance(fetch_site="none"), False),
        (Provenance(SITE, "cross-site"), False),
        (Provenance(), True),
    ],
)
def test_another_site_may_not_act_and_a_cookie_needs_proof(said: Provenance, proof: bool) -> None:
    with pytest.raises(CrossSiteRequest):
        said.check(SITE, proof=proof)


def test_every_feature_of_the_matrix_has_a_route_in_its_channels() -> None:
    for name, channels in features().items():
        giving = [each for each in CAPABILITIES if name in each.features]
        assert giving
        assert channels == frozenset().union(*(each.channels for each in giving))


def test_the_table_names_each_route_once() -> None:
    names = [(each.method, each.path) for each in CAPABILITIES]
    assert len(names) == len(set(names))
    assert all(each.public_path.startswith(PREFIX) for each in CAPABILITIES)
    with pytest.raises(LookupError):
        capability("GET", "/nothing")


def test_five_failures_in_a_row_give_a_service_rest() -> None:
    breaker = Breaker()
    for _ in range(FAILURES - 1):
        breaker = breaker.failed(10.0)
    assert breaker.try_at(10.0) is breaker
    assert breaker.failed(10.0).try_at(10.0) is None


def test_after_the_rest_one_attempt_is_made_and_its_success_ends_it() -> None:
    breaker = Breaker()
    for _ in range(FAILURES):
        breaker = breaker.failed(10.0)
    later = 10.0 + REST_SECONDS

    probing = breaker.try_at(later)

    assert probing is not None
    assert probing.try_at(later) is None
    assert probing.succeeded().try_at(later) == Breaker()
    assert probing.failed(later).try_at(later + REST_SECONDS) is not None


def test_an_answer_between_failures_starts_the_count_again() -> None:
    breaker = Breaker(failures=FAILURES - 1).succeeded().failed(1.0)
    assert not breaker.open


def test_read_after_says_which_services_are_behind() -> None:
    wanted = read_after("procedures=17,identity=3")
    assert behind(wanted, {"procedures": 17, "identity": 2}) == ["identity"]
    assert behind(wanted, {"procedures": 18, "identity": 3}) == []
    assert behind(wanted, {}) == ["procedures", "identity"]


@pytest.mark.parametrize(
    "header", ["", "x", "identity", "identity=", "identity=-1", "identity=１", "nobody=1", "a=1" * 99]
)
def test_any_other_read_after_is_refused(header: str) -> None:
    with pytest.raises(UnreadableReadAfter):
        read_after(header)
