"""The main job, step by step, seen through the public API and the mailbox alone."""

import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from deploy.demo.client import Answer, Insured, NotSeen, seen
from deploy.demo.people import RegisterLine

Tell = Callable[[str, float, str], None]


def own_code() -> str:
    """A code that the rules accept: eight digits without an obvious pattern, no date and no path on a keypad."""
    while True:
        digits = [str(random.randrange(10)) for _ in range(8)]
        steps = {int(b) - int(a) for a, b in pairwise(digits)}
        if len(set(digits)) > 4 and len(steps) > 4 and "".join(digits[:2]) == "73":  # noqa: PLR2004
            return "".join(digits)


@dataclass
class Journey:
    """One person's way from no account to a card on order and a new code.

    `settle` makes the caisse publish this person's settlements; `amounts` is what the home page shows then,
    the newest first, in cents. `tell(step, seconds, trace id)` hears of every step that was seen.
    """

    person: RegisterLine
    insured: Insured
    settle: Callable[[], Awaitable[int]]
    amounts: list[int]
    tell: Tell = lambda *_: None
    code: str = field(default_factory=own_code)
    request: dict[str, Any] = field(default_factory=dict)
    traces: dict[str, str] = field(default_factory=dict)

    async def walk(self) -> None:
        """Every step in its order. Raises NotSeen at the first that was not seen."""
        await self._step("création du compte", self.create)
        await self._step("courriel avec un code provisoire, première connexion", self.first_log_in)
        await self._step("choix d'un code personnel", self.choose_code)
        await self._step("connexion avec ce code", self.log_in)
        await self._step("paiements de la caisse sur la page d'accueil", self.see_payments)
        await self._step("un paiement expliqué au centime", self.see_explanation)
        await self._step("commande d'une carte Vitale", self.order_card)
        await self._step("demande suivie sur la page d'accueil", self.see_request)
        await self._step("courriel de confirmation de la commande", self.see_confirmation)
        await self._step("code oublié : courriel avec un nouveau code", self.forget_code)
        await self._step("nouveau code choisi, connexion", self.log_in)

    async def _step(self, name: str, step: Callable[[], Awaitable[Answer | None]]) -> None:
        started = time.perf_counter()
        answer = await step()
        trace = answer.trace_id if answer else ""
        self.traces[name] = trace
        self.tell(name, time.perf_counter() - started, trace)

    async def create(self) -> Answer:
        """F25 in the application, F26 on the web: the answer is the same whoever asks."""
        if self.insured.app:
            return await self.insured.create_account_in_app(**self.person.card_form())
        return await self.insured.create_account(**self.person.form())

    async def first_log_in(self) -> Answer:
        """F21: a provisional code opens a session that can only choose a code."""
        code = await self.insured.provisional_code()
        answer = (await self.insured.log_in(self.person.nir, code)).expect(200)
        if not answer.body["code_change_required"]:
            raise NotSeen("a provisional code must lead to the choice of an own code")
        return answer

    async def choose_code(self) -> Answer:
        """4 to 13 digits of one's own."""
        return await self.insured.choose_code(self.code)

    async def log_in(self) -> Answer:
        """The own code opens the account; the home page shows whose it is."""
        answer = (await self.insured.log_in(self.person.nir, self.code)).expect(200)
        home = await self.insured.home(answer.headers.get("x-read-after"))
        if home["account"]["last_name"] != self.person.birth_last_name:
            raise NotSeen("the home page shows another name")
        return answer

    async def see_payments(self) -> Answer | None:
        """F34: what the caisse settled is on the home page, composed to the cent."""
        await self.settle()

        async def shown() -> bool:
            items = (await self.insured.home())["latest_payments"]["payments"]
            return [item["amount_cents"] for item in items] == self.amounts

        await seen(shown, f"payments {self.amounts} on the home page")
        return None

    async def see_explanation(self) -> Answer:
        """N1: the steps of the explanation sum up to the amount."""
        newest = (await self.insured.home())["latest_payments"]["payments"][0]
        answer = (await self.insured.insist("GET", f"/payments/{newest['payment_id']}")).expect(200)
        steps = answer.body["explanation"]
        if sum(step["amount_cents"] for step in steps) != newest["amount_cents"]:
            raise NotSeen("the explanation does not sum up to the amount")
        return answer

    async def order_card(self) -> Answer:
        """F59: 202 with a tracking number."""
        answer = (await self.insured.insist("POST", "/requests", {"kind": "vitale-card-order"})).expect(202)
        self.request = {**answer.body, "read_after": answer.headers["x-read-after"]}
        return answer

    async def see_request(self) -> Answer | None:
        """The home page that is read after the order shows it."""

        async def shown() -> bool:
            home = await self.insured.home(self.request["read_after"])
            numbers = [item["tracking_number"] for item in home["requests_in_progress"]["requests"]]
            return self.request["tracking_number"] in numbers

        await seen(shown, "the order on the home page")
        return (await self.insured.insist("GET", f"/requests/{self.request['request_id']}")).expect(200)

    async def see_confirmation(self) -> None:
        """One mail names the tracking number."""

        async def confirmed() -> bool:
            mails = await self.insured.mailbox.mails(self.insured.email)
            texts = [await self.insured.mailbox.text(mail) for mail in mails]
            return any(self.request["tracking_number"] in text for text in texts)

        await seen(confirmed, "the confirmation mail")

    async def forget_code(self) -> Answer:
        """F20, F21: a new provisional code comes by mail, and leads to a new own code."""
        asked = {"nir": self.person.nir, "birth_date": self.person.birth_date}
        answer = (await self.insured.insist("POST", "/code-resets", asked)).expect(202)
        code = await self.insured.provisional_code(count=2)
        (await self.insured.log_in(self.person.nir, code)).expect(200)
        self.code = own_code()
        await self.insured.choose_code(self.code)
        return answer
