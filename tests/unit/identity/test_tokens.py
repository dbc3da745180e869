"""Tokens of sessions and known devices: what they say, and what is not taken for one."""

from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import ValidationError

from services.gateway.handlers.sessions import REVOCATIONS_MATTER
from services.identity.domain.device import Shown
from services.identity.domain.session import Client, Scope, Session, open_session
from services.identity.settings import Settings
from services.identity.tokens import Tokens
from tests.infra import secret_settings
from tests.unit.identity.fakes import LUCIE, NOW, RULES
from tests.unit.identity.scene import session_id

KEY = secret_settings()["identity"]["signing_key"]
DEVICE = session_id("device")


def tokens(key: str = KEY) -> Tokens:
    return Tokens(key, b"secret", timedelta(minutes=5), RULES, now=lambda: NOW)


def a_session(*, remembered: bool = True) -> Session:
    return open_session(
        session_id("a"),
        LUCIE,
        client=Client.WEB,
        scope=Scope.FULL,
        rules=RULES,
        now=NOW,
        device=DEVICE,
        remembered=remembered,
    )


def test_a_device_token_names_the_device_and_the_log_in_it_came_of_whenever_it_is_signed() -> None:
    given = tokens().device(a_session())
    assert given
    assert given.expires_in == 30 * 24 * 3600
    assert tokens().visit(Client.WEB, given.token).shown == Shown(DEVICE, NOW)


def test_only_the_log_in_since_which_a_device_is_known_gives_its_token() -> None:
    assert tokens().device(a_session(remembered=False)) is None
    assert tokens().device(replace(a_session(), device=None)) is None


def test_what_we_did_not_sign_as_a_device_token_is_none() -> None:
    another = secret_settings()["identity"]["signing_key"]
    forged = tokens(another).device(a_session())
    access = tokens().access(a_session())
    assert forged
    for shown in (None, "", "x", "a.b.c", "x" * 5000, forged.token, access.token):
        assert tokens().visit(Client.WEB, shown).shown is None


def test_an_access_token_never_outlives_its_session() -> None:
    ending = replace(a_session(), expires_at=NOW + timedelta(seconds=90))
    assert (tokens().access(a_session()).expires_in, tokens().access(ending).expires_in) == (300, 90)


def test_a_visit_has_a_fresh_id_for_a_device_that_is_not_known() -> None:
    assert tokens().visit(Client.IOS, None).fresh != tokens().visit(Client.IOS, None).fresh


@pytest.mark.parametrize("typed", [("2850329990901", "7294"), ("2850329990901", "6283"), ("1831131990902", "7294")])
def test_a_challenge_has_one_id_for_one_request_and_another_for_any_other(typed: tuple[str, str]) -> None:
    mine = tokens().challenge("click-0001", "2850329990901", "7294")
    assert (tokens().challenge("click-0001", *typed) == mine) is (typed == ("2850329990901", "7294"))
    assert tokens().challenge("click-0002", "2850329990901", "7294") != mine
    assert tokens().challenge(None, "2850329990901", "7294") != tokens().challenge(None, "2850329990901", "7294")
    assert tokens().hash(mine.token) == mine.hash


def some_settings(**but: object) -> Settings:
    """Identity's settings."""
    values: dict[str, object] = {
        **secret_settings()["identity"],
        "port": 1,
        "mongodb_url": "mongodb://127.0.0.1:1",
        "database": "identity",
        "kafka_url": "127.0.0.1:1",
        "public_url": "https://compte.exemple.invalid",
        **but,
    }
    return Settings(**values)  # type: ignore[arg-type]


def test_no_access_token_outlives_what_the_gateway_remembers_of_its_end() -> None:
    assert some_settings().access_token_life == timedelta(minutes=5)
    longest = timedelta(minutes=10)
    assert some_settings(access_token_life=longest).access_token_life == longest < REVOCATIONS_MATTER
    for wrong in (timedelta(), -longest, longest + timedelta(seconds=1), REVOCATIONS_MATTER):
        with pytest.raises(ValidationError, match="access_token_life"):
            some_settings(access_token_life=wrong)
