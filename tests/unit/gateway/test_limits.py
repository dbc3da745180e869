"""How often a route may be used, whose uses count together, and where a request comes from."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as some
from pydantic import ValidationError

from deploy.publish.http import openapi
from services.gateway.domain.capabilities import CAPABILITIES, PREFIX, Access, Capability, capability
from services.gateway.domain.limits import (
    EVERY_OTHER_WRITE,
    LIMITS,
    MOST,
    WRITES,
    Counter,
    Limit,
    Per,
    Standing,
    TooManyRequests,
    changed,
    nearest,
    network,
    rule_for,
)
from services.gateway.settings import Settings
from tests import infra

HERE = {Per.NETWORK: "203.0.113.0/24"}
PROXIES = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]


@pytest.mark.parametrize("each", CAPABILITIES, ids=lambda each: f"{each.method} {each.path}")
def test_every_write_is_limited_by_what_is_known_of_its_caller(each: Capability) -> None:
    known = Per.NETWORK if each.access is Access.PUBLIC else Per.SESSION
    counters = {limit.by for limit in each.limits}
    if each.method in WRITES:
        assert counters & {known, Per.NETWORK}
    else:
        assert bool(counters) is (f"{each.method} {each.path}" in LIMITS)


def test_the_home_page_is_not_counted() -> None:
    assert capability("GET", "/home").limits == ()


def test_a_session_counts_before_a_device_and_a_device_before_a_network() -> None:
    log_in, write = rule_for("POST", "/sessions"), rule_for("POST", "/requests")

    assert log_in.counter(HERE).limit == Limit(Per.NETWORK, 100, 300)  # type: ignore[union-attr]
    assert log_in.counter({**HERE, Per.DEVICE: "d"}).limit == Limit(Per.DEVICE, 20, 300)  # type: ignore[union-attr]
    assert write.counter({**HERE, Per.SESSION: "s"}).subject == "s"  # type: ignore[union-attr]
    assert write.counter(HERE).limit == Limit(Per.NETWORK, 60, 300)  # type: ignore[union-attr]
    assert rule_for("GET", "/home").counter(HERE) is None


@pytest.mark.parametrize("name", LIMITS)
def test_strangers_alone_never_reach_the_ceiling_of_a_network_and_one_device_alone_neither(name: str) -> None:
    amounts = {limit.by: limit.amount for limit in LIMITS[name]}
    windows = {limit.seconds for limit in LIMITS[name]}
    if Per.CEILING in amounts:
        assert amounts[Per.NETWORK] + amounts[Per.PROOF] < amounts[Per.CEILING]
        assert amounts[Per.DEVICE] < amounts[Per.CEILING]
        assert len(windows) == 1


def test_many_devices_make_no_more_than_one_networks_ceiling_of_log_ins() -> None:
    everybody = dict.fromkeys((Per.NETWORK, Per.PROOF, Per.CEILING), "203.0.113.0/24")
    log_in = rule_for("POST", "/sessions")
    counters = {log_in.counter({**everybody, Per.DEVICE: f"d-{n}"}, (Per.CEILING,)) for n in range(100)}
    assert counters == {Counter("POST /sessions", Limit(Per.CEILING, 1000, 300), "203.0.113.0/24")}


@pytest.mark.parametrize("name", ["POST /accounts", "POST /code-resets", "POST /sessions"])
def test_a_proof_leads_beyond_the_networks_own_budget_and_beyond_nothing_else(name: str) -> None:
    method, path = name.split(" ")
    rule = rule_for(method, path)
    limits = {limit.by: limit for limit in (*rule.limits, Limit(Per.DEVICE, 20, 300), Limit(Per.CEILING, 1000, 300))}
    for by, limit in limits.items():
        assert rule.can_go_on([Standing(limit, False, 0, 60)]) is (by is Per.NETWORK)
        assert not rule.can_go_on([Standing(limit, True, 1, 60)])
    assert not rule.can_go_on([])


def test_where_no_proof_is_taken_none_is_asked_for() -> None:
    refused = Standing(Limit(Per.NETWORK, 60, 300), False, 0, 60)
    assert not rule_for("POST", "/sessions/passkeys").can_go_on([refused])


def test_a_client_is_told_of_the_counter_that_refused_or_else_of_the_one_that_will_be_the_first_to() -> None:
    device, ceiling = Limit(Per.DEVICE, 20, 300), Limit(Per.CEILING, 1000, 300)
    few, many = Standing(device, True, 3, 60), Standing(ceiling, True, 400, 60)
    refused = Standing(ceiling, False, 0, 60)
    last = Standing(device, True, 0, 60)
    assert nearest([many, few]) == few
    assert nearest([Standing(device, True, 19, 60), Standing(ceiling, True, 2, 60)]).limit is ceiling
    assert nearest([last, refused]) == refused


def test_a_refusal_carries_the_challenge_that_leads_on_and_none_where_nothing_does() -> None:
    challenge = {"parameters": {"cost": 1}, "signature": "s"}
    assert TooManyRequests(60, challenge).document("fr")["proof_of_work"] == challenge
    assert "proof_of_work" not in TooManyRequests(60).document("fr")


def test_routes_without_a_row_share_one_counter() -> None:
    assert rule_for("POST", "/requests") == rule_for("PUT", "/me/code")
    assert rule_for("POST", "/requests").name == EVERY_OTHER_WRITE


@pytest.mark.parametrize(
    ("peer", "group"),
    [
        ("203.0.113.7", "203.0.113.0/24"),
        ("203.0.113.255", "203.0.113.0/24"),
        ("::ffff:203.0.113.7", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("a-socket", "nowhere"),
        (None, "nowhere"),
    ],
)
def test_addresses_of_one_network_count_together(peer: str | None, group: str) -> None:
    assert network(peer) == group


@given(said=some.one_of(some.text(max_size=60), some.ip_addresses().map(str)))
def test_a_caller_that_is_no_proxy_of_ours_says_nothing_of_where_it_is(said: str) -> None:
    assert network("203.0.113.7", said, PROXIES) == "203.0.113.0/24"


@given(invented=some.ip_addresses().map(str))
def test_behind_a_proxy_the_last_hop_that_is_not_ours_counts_whatever_stands_before_it(invented: str) -> None:
    assert network("10.0.0.1", f"{invented}, 198.51.100.9, fd00::2", PROXIES) == "198.51.100.0/24"


@pytest.mark.parametrize("said", ["", "unknown", "198.51.100.9, x", "'; drop", "10.0.0.2"])
def test_a_hop_that_is_no_address_leaves_the_proxy_as_the_caller(said: str) -> None:
    assert network("10.0.0.1", said, PROXIES) == "10.0.0.0/24"


def test_an_answer_says_what_is_left() -> None:
    assert Standing(Limit(Per.NETWORK, 10, 3600), True, 9, 1800).headers() == {
        "ratelimit-policy": '"network";q=10;w=3600',
        "ratelimit": '"network";r=9;t=1800',
    }


@pytest.mark.parametrize(
    ("wait", "fr", "en"),
    [
        (1, "Réessayez dans une seconde.", "Try again in one second."),
        (45, "Réessayez dans 45 secondes.", "Try again in 45 seconds."),
        (119, "Réessayez dans 119 secondes.", "Try again in 119 seconds."),
        (121, "Réessayez dans 3 minutes.", "Try again in 3 minutes."),
        (3600, "Réessayez dans 60 minutes.", "Try again in 60 minutes."),
    ],
)
def test_a_refusal_says_how_long_to_wait(wait: int, fr: str, en: str) -> None:
    refusal = TooManyRequests(wait)
    assert refusal.document("fr")["detail"] == fr
    assert refusal.document("en")["detail"] == en
    assert (refusal.status, refusal.retry_after) == (429, wait)


def test_an_operator_changes_one_counter_and_leaves_the_others() -> None:
    table = changed({"POST /sessions": {Per.NETWORK: "500/60"}, EVERY_OTHER_WRITE: {Per.SESSION: "off"}})

    kept = {limit for limit in LIMITS["POST /sessions"] if limit.by is not Per.NETWORK}
    assert set(table["POST /sessions"]) == {Limit(Per.NETWORK, 500, 60), *kept}
    assert table[EVERY_OTHER_WRITE] == (Limit(Per.NETWORK, 60, 300),)
    assert table["POST /accounts"] == LIMITS["POST /accounts"]


@pytest.mark.parametrize(
    "value", ["", "10", "10/", "/60", "0/60", "10/0", "-1/60", "1.5/60", f"{MOST + 1}/60", "1/86401"]
)
def test_what_is_no_limit_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="a limit"):
        changed({"POST /accounts": {Per.NETWORK: value}})


def some_settings(**but: object) -> Settings:
    """The gateway's settings."""
    values: dict[str, object] = {
        **infra.secret_settings()["gateway"],
        "port": 1,
        "mongodb_url": "mongodb://127.0.0.1:1",
        "database": "gateway",
        "kafka_url": "127.0.0.1:1",
        "upstreams": dict.fromkeys(infra.SERVICES, "http://127.0.0.1:1"),
        "public_url": "https://compte.exemple.invalid",
        **but,
    }
    return Settings(**values)  # type: ignore[arg-type]


def test_a_gateway_starts_with_changed_limits_and_not_with_wrong_ones() -> None:
    settings = some_settings(limits={"POST /requests": {"session": "5/60"}}, trusted_proxies=["10.0.0.0/8"])
    assert settings.limits_in_force["POST /requests"] == (Limit(Per.SESSION, 5, 60),)
    for wrong in (
        {"POST /nothing": {"network": "1/1"}},
        {"POST /accounts": {"person": "1/1"}},
        {"POST /accounts": {"network": "many"}},
    ):
        with pytest.raises(ValidationError):
            some_settings(limits=wrong)
    with pytest.raises(ValidationError):
        some_settings(trusted_proxies=["everybody"])


def test_a_proof_of_work_stays_cheap_enough_to_be_checked() -> None:
    assert some_settings().proof_cost == 10_000
    for wrong in (0, 20_001):
        with pytest.raises(ValidationError):
            some_settings(proof_cost=wrong)


def test_the_header_of_a_proof_is_described_where_one_is_taken_and_nowhere_else() -> None:
    taking = {
        name
        for path, operations in openapi()["gateway"]["paths"].items()
        for name, operation in ((f"{method.upper()} {path}", each) for method, each in operations.items())
        if "X-Altcha" in {parameter["name"] for parameter in operation.get("parameters", [])}
    }
    proved = {name for name, limits in LIMITS.items() if any(limit.by is Per.PROOF for limit in limits)}
    assert taking == {name.replace(" ", f" {PREFIX}") for name in proved}
