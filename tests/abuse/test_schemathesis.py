"""The public API is called as its description allows, and as it does not: all checks of Schemathesis, 0 findings.

Every call comes from another network, and every call of a person has a session of its own, so that neither rate
limits nor log-outs hide what is behind them.
"""

import json
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import requests
import schemathesis
from hypothesis import strategies as st
from requests.adapters import HTTPAdapter
from schemathesis.config import SchemathesisConfig

from chassis import clock
from chassis.clock import now
from deploy.demo.people import somebody_new
from deploy.embedded.keys import keys_of
from services.identity.domain.parameters import BUILT_IN, Parameters
from services.identity.domain.session import Client, Scope, open_session
from services.identity.store.base import plain
from services.identity.tokens import Tokens
from tests.abuse.figures import say
from tests.abuse.moving import Rows, change
from tests.abuse.owners import owners
from tests.abuse.scale import FULL, scaled
from tests.world import World

OPENAPI = Path(__file__).parents[2] / "contracts" / "openapi" / "gateway.json"
MOST_REFUSED = 0.2
TOO_MANY = 429
RULES = Parameters(BUILT_IN)
ACCEPTED = ["2xx", "3xx", "401", "403", "404", "409", "410", "429", "5xx"]
# Well formed, and refused all the same: what is right depends on the account or comes from an earlier answer, or it has
# fields that nobody reads, as browsers write them, with a number beyond 2^53.
DEPENDS = [
    *("/api/v1/me", "/api/v1/me/code", "/api/v1/me/email", "/api/v1/me/franceconnect", "/api/v1/me/access-log"),
    *("/api/v1/me/passkeys/options", "/api/v1/me/passkeys", "/api/v1/sessions/passkeys"),
    *("/api/v1/home", "/api/v1/payments", "/api/v1/requests", "/api/v1/franceconnect/authorize"),
]
# Their last word may also stand for an id, of which more can be done.
NAMED_LIKE_IDS = ["/api/v1/me/passkeys/options", "/api/v1/sessions/passkeys", "/api/v1/sessions/refresh"]


def described(*, as_somebody: bool) -> schemathesis.BaseSchema:
    """The description, to be called as it says; `as_somebody` leaves the credentials to the caller."""
    config = {
        "seed": 20261124,
        "output": {"sanitization": {"enabled": False}},
        "generation": {
            "mode": "all",
            "max-examples": scaled(100, 25),
            "database": "none",
            # A text with a NUL is refused wherever it stands.
            "allow-x00": False,
            "with-security-parameters": not as_somebody,
        },
        "phases": {"coverage": {"enabled": FULL}},
        "checks": {
            "positive_data_acceptance": {"expected-statuses": ACCEPTED},
            "missing_required_header": {"expected-statuses": [400, 401, 403, 429]},
        },
        "operations": [
            {
                "include-path": DEPENDS,
                "checks": {"positive_data_acceptance": {"expected-statuses": [*ACCEPTED, "400", "422"]}},
            },
            {"include-path": NAMED_LIKE_IDS, "checks": {"unsupported_method": {"enabled": False}}},
        ],
    }
    return schemathesis.openapi.from_path(OPENAPI, config=SchemathesisConfig.from_dict(config))


def birth_dates() -> st.SearchStrategy[str]:
    """Days of the past, and months or years of which civil status knows no more."""
    days = st.dates(date(1900, 1, 1), clock.today()).map(str)
    return days | days.map(lambda day: f"{day[:7]}-00") | days.map(lambda day: f"{day[:4]}-00-00")


schemathesis.openapi.format("nir", st.builds(lambda: somebody_new().nir))
schemathesis.openapi.format("iban", st.builds(lambda: somebody_new().iban))
schemathesis.openapi.format("birth-date", birth_dates())
schemathesis.openapi.format("email", st.from_regex("[a-z]{1,20}@exemple[.]invalid", fullmatch=True))
public, private = described(as_somebody=False), described(as_somebody=True)


class Caller:
    """Somebody else at each call: another network, and with `person_id` another session of that person."""

    def __init__(self, world: World, person_id: UUID | None = None) -> None:
        self._world = world
        self._gateway = world.stack.gateway
        self._person_id = person_id
        self._sessions = world.database("identity")["sessions"]
        signing_key = json.dumps(keys_of(world.data).signing_key)
        self._tokens = Tokens(signing_key, b"", timedelta(minutes=5), RULES)
        self.answers: Counter[int] = Counter()
        self.refused: Counter[str] = Counter()

    def check(self, case: schemathesis.Case[Any]) -> None:
        """Make the call, and all checks of its answer. Raises what they found."""
        change(self._world, "identity", self._forget)
        with requests.Session() as session:
            session.mount("http://", FromSomewhere())
            headers = {"Authorization": f"Bearer {self._bearer()}"} if self._person_id else {}
            response = case.call(base_url=self._gateway, session=session, headers=headers)
            self.answers[response.status_code] += 1
            if response.status_code == TOO_MANY:
                self.refused[f"{case.operation.label} {response.json()['type']}"] += 1
            calls = {"base_url": self._gateway, "session": session}
            case.validate_response(response, headers=headers, transport_kwargs=calls)

    def _forget(self, rows: Callable[[str], Rows]) -> None:
        """Nothing was tried before, and no session is left of the calls before."""
        rows("attempts").remove({})
        rows("email_changes").remove({})
        rows("sessions").remove({"person_id": str(self._person_id)})

    def _bearer(self) -> str:
        """The token of a new session of an application."""
        assert self._person_id
        session = open_session(
            uuid4(), self._person_id, client=Client.ANDROID, scope=Scope.FULL, rules=RULES, now=now()
        )
        self._sessions.insert_one({**plain(asdict(session)), "_id": str(session.id), "version": 1})
        return self._tokens.access(session).token


class FromSomewhere(HTTPAdapter):
    """Connections that come from a network of their own."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """As always, from another address: not one that Hypothesis draws again."""
        a, b, c = (secrets.randbelow(250) + 1 for _ in range(3))
        super().init_poolmanager(*args, **kwargs, source_address=(f"127.{a}.{b}.{c}", 0))


@pytest.fixture(scope="module")
async def stranger(world: World) -> AsyncIterator[Caller]:
    """Nobody."""
    caller = Caller(world)
    yield caller
    seldom_refused(caller)


@pytest.fixture(scope="module")
async def person(world: World) -> AsyncIterator[Caller]:
    """A person in the application."""
    async with owners(world, 1) as [owner]:
        caller = Caller(world, UUID(owner.person.person_id))
        yield caller
        seldom_refused(caller)


def seldom_refused(caller: Caller) -> None:
    """Rate limits have hidden little of what is behind them."""
    refused = caller.answers[429] / sum(caller.answers.values())
    say("Schemathesis", f"{sum(caller.answers.values())} calls, {refused:.0%} of them too many: {dict(caller.answers)}")
    assert refused < MOST_REFUSED, caller.refused


@public.parametrize()
def test_nobody_finds_anything(case: schemathesis.Case[Any], stranger: Caller) -> None:
    stranger.check(case)


@private.parametrize()
def test_a_person_finds_nothing(case: schemathesis.Case[Any], person: Caller) -> None:
    person.check(case)
