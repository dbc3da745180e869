"""How often a route may be used, whose uses count together, and where a request comes from."""

from ipaddress import IPv4Address, IPv6Address, ip_network

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
    OF_NETWORKS,
    WRITES,
    Counter,
    Limit,
    Origin,
    Per,
    Standing,
    TooManyRequests,
    changed,
    nearest,
    origin,
    rule_for,
)
from services.gateway.settings import Settings
from tests import infra

HERE = {by: {"203.0.113.0/24": 1} for by in OF_NETWORKS}
PROXIES = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]


@pytest.mark.parametrize("each", CAPABILITIES, ids=lambda each: f"{each.method} {each.path}")
def test_every_write_is_limited_by_what_is_known_of_its_caller(each: Capability) -> None:
    known = Per.NETWORK if each.access is Access.PUBLIC else Per.SESSION
    counters = {limit.by for limit in each.limits}
    if each.method in WRITES:
        assert counters & {known, Per.NETWORK, Per.FAILED}
    else:
        assert bool(counters) is (f"{each.method} {each.path}" in LIMITS)


def test_the_home_page_is_not_counted() -> None:
    assert capability("GET", "/home").limits == ()


def test_a_session_counts_before_a_device_and_a_device_before_a_network() -> None:
    log_in, write = rule_for("POST", "/sessions"), rule_for("POST", "/requests")

    assert log_in.counters(HERE)[0].limit == Limit(Per.NETWORK, 100, 300)
    assert log_in.counters({**HERE, Per.DEVICE: {"d": 1}})[0].limit == Limit(Per.DEVICE, 20, 300)
    assert write.counters({**HERE, Per.SESSION: {"s": 1}})[0].subject == "s"
    assert write.counters(HERE)[0].limit == Limit(Per.NETWORK, 60, 300)
    assert rule_for("GET", "/home").counters(HERE) == ()


@pytest.mark.parametrize(
    "name", [name for name, limits in LIMITS.items() if any(each.by is Per.SECRET for each in limits)]
)
def test_what_is_asked_with_a_secret_is_counted_by_it_and_by_its_network_only_once_it_is_refused(name: str) -> None:
    method, path = name.split(" ")
    rule, secret, here = rule_for(method, path), {Per.SECRET: {"s": 1}}, {**HERE, Per.SECRET: {"s": 1}}
    assert [(each.limit.by, each.of_failures) for each in rule.counters(here)] == [
        (Per.FAILED, True),
        (Per.SECRET, False),
    ]
    assert rule.counters(secret) == (Counter(name, next(each for each in rule.limits if each.by is Per.SECRET), "s"),)
    known = rule.counters({**here, Per.DEVICE: {"d": 1}})
    assert [each.limit.by for each in known] == [Per.DEVICE, Per.SECRET]


def test_a_browser_and_an_application_in_the_middle_of_a_session_pass_by_work_or_a_known_device() -> None:
    for path in ("/sessions/refresh", "/sessions/challenges/{challenge_id}", "/account-freezes"):
        rule = rule_for("POST", path)
        full = [Standing(each.limit, False, 0, 60) for each in rule.counters(HERE)]
        assert rule.can_go_on(full)
        assert Per.FAILED not in {each.limit.by for each in rule.counters(HERE, proved=True)}


def test_the_wider_networks_of_an_address_are_allowed_a_multiple_and_are_counted_behind_it() -> None:
    whole = origin("2001:db8:1:2::1").networks
    assert [
        (each.subject, each.limit.amount) for each in rule_for("POST", "/accounts").counters({Per.NETWORK: whole})
    ] == [
        ("2001:db8:1:2::/64", 10),
        ("2001:db8:1::/56", 40),
        ("2001:db8:1::/48", 160),
    ]


def test_all_the_networks_of_one_prefix_together_make_sixteen_budgets() -> None:
    of_log_in = rule_for("POST", "/sessions")
    for by in (Per.NETWORK, Per.PROOF, Per.CEILING):
        widest = {
            of_log_in.counters({by: origin(f"2001:db8:1:{n:x}::1").networks}, proved=by is Per.PROOF)[-1]
            for n in range(0, 65_536, 257)
        }
        [limit] = [each for each in of_log_in.limits if each.by is by]
        assert widest == {Counter("POST /sessions", Limit(by, 16 * limit.amount, 300), "2001:db8:1::/48")}


@pytest.mark.parametrize("name", LIMITS)
def test_strangers_alone_never_reach_the_ceiling_of_a_network_and_one_device_alone_neither(name: str) -> None:
    amounts = {limit.by: limit.amount for limit in LIMITS[name]}
    windows = {limit.seconds for limit in LIMITS[name]}
    if Per.CEILING in amounts:
        assert amounts[Per.NETWORK] + amounts[Per.PROOF] < amounts[Per.CEILING]
        assert amounts[Per.DEVICE] < amounts[Per.CEILING]
        assert len(windows) == 1


def test_many_devices_make_no_more_than_one_networks_ceiling_of_log_ins() -> None:
    log_in = rule_for("POST", "/sessions")
    counters = {log_in.counters({**HERE, Per.DEVICE: {f"d-{n}": 1}})[-1] for n in range(100)}
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
    assert not rule_for("POST", "/requests").can_go_on([refused])


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
    assert rule_for("POST", "/requests") == rule_for("PUT", "/me/email")
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
    assert next(iter(origin(peer).networks)) == group


@given(said=some.one_of(some.text(max_size=60), some.ip_addresses().map(str)))
def test_a_caller_that_is_no_proxy_of_ours_says_nothing_of_where_it_is(said: str) -> None:
    assert origin("203.0.113.7", said, PROXIES) == Origin({"203.0.113.0/24": 1})


@given(invented=some.ip_addresses().map(str))
def test_behind_a_proxy_the_last_hop_that_is_not_ours_counts_whatever_stands_before_it(invented: str) -> None:
    found = origin("10.0.0.1", f"{invented}, 198.51.100.9, fd00::2", PROXIES)
    assert found == Origin({"198.51.100.0/24": 1})


@pytest.mark.parametrize("said", ["unknown", "198.51.100.9, x", "'; drop", "[198.51.100.9", "198.51.100.9:x", ":443"])
def test_a_hop_that_is_no_address_leaves_the_proxy_as_the_caller_and_is_noticed(said: str) -> None:
    assert origin("10.0.0.1", said, PROXIES) == Origin({"10.0.0.0/24": 1}, unreadable=True)


@pytest.mark.parametrize("said", ["", " ", "10.0.0.2"])
def test_a_proxy_that_names_nobody_or_itself_is_the_caller(said: str) -> None:
    assert origin("10.0.0.1", said, PROXIES) == Origin({"10.0.0.0/24": 1})


@given(address=some.ip_addresses(), port=some.integers(1, 65_535))
def test_a_hop_with_a_port_or_in_brackets_is_the_same_address(address: IPv4Address | IPv6Address, port: int) -> None:
    plain = origin("10.0.0.1", f"{address}", PROXIES)
    in_brackets = f"[{address}]" if address.version == 6 else f"{address}"
    for written in (in_brackets, f"{in_brackets}:{port}", f"{in_brackets}:{port}, 10.0.0.9:{port}"):
        assert origin("10.0.0.1", written, PROXIES) == plain
    assert not plain.unreadable


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
