"""How often codes may be tried for requests, however many there are."""

from hypothesis import given
from hypothesis import strategies as st

from services.identity.domain import waiting
from services.identity.domain.throttle import Attempts
from tests.unit.identity.fakes import NOW, RULES


@given(digits=st.sampled_from([4, 6, 8]), requests=st.integers(1, 50))
def test_guessing_for_requests_finds_a_code_with_one_chance_in_5000_a_day_at_most(digits: int, requests: int) -> None:
    attempts, judged = Attempts(), 0
    for _ in range(requests):
        request = waiting.begin(RULES, NOW)
        while counted := waiting.count_try(request, attempts, digits, rules=RULES, now=NOW):
            request, attempts = counted
            judged += 1
    assert judged == min(5 * requests, 10**digits // 5000)
    assert attempts.failed == judged
