"""A log-in by FranceConnect: where to send the browser, and what to make of what it brings back."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from urllib.parse import urlencode

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from chassis import clock
from chassis.telemetry import log
from services.identity.domain import email, pivot
from services.identity.domain.email import Email
from services.identity.domain.franceconnect import FranceConnectRefused, FranceConnectUnavailable, Identified, Reason
from services.identity.domain.pivot import NotAPivotIdentity, PivotIdentity
from services.identity.franceconnect.provider import Outage, Provider
from services.identity.franceconnect.registration import Registration
from services.identity.franceconnect.tokens import Claims, Tokens

SCOPE = "openid identite_pivot email idp_id"
SIGNED = "application/jwt"
SET_ASIDE = 30.0
_OURS_TO_BLAME = ("invalid_client", "unauthorized_client", "unsupported_grant_type", "invalid_scope")
_ITS_FAILURES = ("server_error", "temporarily_unavailable")
_NAMED = {"access_denied": Reason.DECLINED}
_CODE = re.compile(r"[\x20-\x7e]{1,1024}")


class FranceConnect:
    """FranceConnect, asked within a deadline that leaves the gateway its own. Keeps nothing of anybody."""

    def __init__(
        self,
        registration: Registration,
        *,
        deadline: timedelta = timedelta(seconds=1.5),
        now: Callable[[], datetime] = clock.now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._registration = registration
        self._deadline = deadline.total_seconds()
        self._monotonic = monotonic
        self._set_aside_until = 0.0
        self._provider = Provider(registration.issuer, deadline, monotonic)
        self._tokens = Tokens(registration, self._provider.key, now)

    @property
    def available(self) -> bool:
        """Whether to offer it: not for half a minute after it failed. It may be tried all the same."""
        return self._monotonic() >= self._set_aside_until

    async def begin(self, state: str, nonce: str, verifier: str, *, idp_hint: str | None = None) -> str:
        """The address to send the browser to; all three secrets have at least 43 characters.

        Raises FranceConnectUnavailable.
        """
        async with self._watched():
            endpoints = await self._provider.endpoints()
        asked = self._registration
        return str(
            prepare_grant_uri(
                endpoints.authorization,
                asked.client_id,
                "code",
                redirect_uri=asked.redirect_uri,
                scope=SCOPE,
                state=state,
                nonce=nonce,
                acr_values=asked.acr,
                code_challenge=create_s256_code_challenge(verifier),
                code_challenge_method="S256",
                idp_hint=idp_hint,
            )
        )

    async def finish(self, code: str, verifier: str, nonce: str) -> Identified:
        """Whom the code stands for, everything verified. Raises FranceConnectRefused or FranceConnectUnavailable."""
        async with self._watched():
            access_token, id_token = await self._exchange(code, verifier)
            log_in = await self._tokens.id_token(id_token, nonce=nonce, access_token=access_token)
            person = await self._userinfo(access_token, log_in["sub"])
            _check_in_person(log_in, person)
            return Identified(
                sub=log_in["sub"],
                pivot=_pivot(person),
                email=_email(person),
                acr=log_in["acr"],
                idp=self._idp(person),
                id_token=id_token,
            )

    async def logout_url(self, id_token: str, state: str) -> str | None:
        """The address that ends the person's session at FranceConnect and comes back; the ID token may have expired.

        None while FranceConnect does not say where that is: whoever has just come in stays in.
        """
        try:
            async with self._watched():
                endpoints = await self._provider.endpoints()
        except FranceConnectUnavailable:
            return None
        back = self._registration.post_logout_redirect_uri
        query = {"id_token_hint": id_token, "state": state, "post_logout_redirect_uri": back}
        return f"{endpoints.end_session}?{urlencode(query)}"

    def returned(self, error: str) -> FranceConnectRefused | FranceConnectUnavailable:
        """What to raise when the browser comes back with this `error` in place of a code; noted like any refusal."""
        if error in _ITS_FAILURES:
            # Anybody can bring such an address here: it sets nothing aside.
            return _unavailable("returned-error")
        return self.refused(_NAMED.get(error, Reason.RETURNED_ERROR))

    def refused(self, reason: Reason) -> FranceConnectRefused:
        """What to raise when a log-in does not hold; the reason is noted, and kept from the person."""
        log.warning("franceconnect refused", reason=reason.value)
        return FranceConnectRefused(reason)

    async def stay_open(self, _: object) -> None:
        """Keep the connections until the process stops, then close them."""
        try:
            await asyncio.Event().wait()
        finally:
            await self.close()

    async def close(self) -> None:
        """Close every connection."""
        await self._provider.close()

    async def _exchange(self, code: str, verifier: str) -> tuple[str, str]:
        if not _CODE.fullmatch(code):
            raise FranceConnectRefused(Reason.CODE)
        asked = self._registration
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": asked.redirect_uri,
            "client_id": asked.client_id,
            "client_secret": asked.client_secret.get_secret_value(),
            "code_verifier": verifier,
        }
        reply = await self._provider.ask("POST", (await self._provider.endpoints()).token, form=form)
        try:
            answer = reply.document()
        except ValueError:
            raise FranceConnectRefused(Reason.NO_ANSWER) from None
        if not reply.ok:
            if answer.get("error") in _OURS_TO_BLAME:
                raise Outage("registration")
            raise FranceConnectRefused(Reason.CODE)
        access_token, id_token = answer.get("access_token"), answer.get("id_token")
        if not (isinstance(access_token, str) and isinstance(id_token, str)):
            raise FranceConnectRefused(Reason.NO_ANSWER)
        return access_token, id_token

    async def _userinfo(self, access_token: str, sub: str) -> Claims:
        reply = await self._provider.ask("GET", (await self._provider.endpoints()).userinfo, bearer=access_token)
        if not reply.ok or reply.kind != SIGNED:
            raise FranceConnectRefused(Reason.UNSIGNED)
        return await self._tokens.userinfo(reply.body.decode(errors="replace").strip(), sub=sub)

    def _idp(self, person: Claims) -> str:
        idp = person.get("idp_id", "")
        if not isinstance(idp, str):
            raise FranceConnectRefused(Reason.IDENTITY)
        if idp in self._registration.own_idps:
            raise FranceConnectRefused(Reason.LOOP)
        return idp

    @asynccontextmanager
    async def _watched(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._deadline):
                yield
        except FranceConnectRefused as refused:
            raise self.refused(refused.reason) from None
        except Outage as outage:
            raise self._failed(str(outage)) from None
        except TimeoutError:
            raise self._failed("TimeoutError") from None

    def _failed(self, cause: str) -> FranceConnectUnavailable:
        self._set_aside_until = self._monotonic() + SET_ASIDE
        return _unavailable(cause)


def _unavailable(cause: str) -> FranceConnectUnavailable:
    log.warning("franceconnect unavailable", cause=cause)
    return FranceConnectUnavailable()


def _check_in_person(*answers: Claims) -> None:
    """Whoever acts for somebody else (`rep_scope`, domain 3.6) needs a mandate, which no account knows yet (B5)."""
    if any("rep_scope" in each for each in answers):
        raise FranceConnectRefused(Reason.DELEGATION)


def _pivot(person: Claims) -> PivotIdentity:
    try:
        return pivot.parse(person)
    except NotAPivotIdentity:
        raise FranceConnectRefused(Reason.IDENTITY) from None


def _email(person: Claims) -> Email | None:
    try:
        return email.parse(person["email"]) if isinstance(person.get("email"), str) else None
    except ValueError:
        return None
