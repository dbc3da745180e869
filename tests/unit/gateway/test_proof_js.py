"""The script that solves a challenge in the browser: what it sends is what the library takes."""

import json
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from altcha import create_challenge, verify_solution

from services.gateway.portal import HERE

NODE = shutil.which("node")
SECRET = "s" * 32
SOLVE = """
import { proof } from "./proof.js";
const { challenge } = JSON.parse(process.argv[2]);
console.log(JSON.stringify(await proof(challenge)));
"""
# The API refuses once, then lets in whoever sends a solution.
ASK = """
const sent = [];
globalThis.sessionStorage = { getItem: () => null, setItem() {}, removeItem() {} };
globalThis.fetch = async (address, { headers }) => {
  sent.push({ address, key: headers["Idempotency-Key"], proof: headers["X-Altcha"] ?? null });
  const refused = !headers["X-Altcha"] || refusing;
  const answer = refused ? { title: "Trop", ...challenged } : { expires_in: 1 };
  return new Response(JSON.stringify(answer), { status: refused ? 429 : 200 });
};
const { challenge, refusing } = JSON.parse(process.argv[2]);
const challenged = challenge ? { proof_of_work: challenge } : {};
const { call } = await import("./api.js");
const said = [];
const calling = call("POST", "/sessions", { nir: "1" }, (busy) => said.push(busy));
const answer = await calling.catch((refusal) => refusal.status);
console.log(JSON.stringify({ sent, said, answer }));
"""
# The access token has expired, and the refresh is answered with these, one after the other.
GO_ON = """
const { answers } = JSON.parse(process.argv[2]);
const sent = [], left = [];
let over = true;
globalThis.sessionStorage = globalThis.localStorage = { getItem: () => null, setItem() {}, removeItem() {} };
globalThis.navigator ??= {};
globalThis.document = { querySelector: () => ({}) };
globalThis.location = { replace: (address) => left.push(address) };
globalThis.fetch = async (address, { headers }) => {
  sent.push([address.replace("/api/v1", ""), headers["X-Altcha"] ?? null]);
  if (!address.endsWith("/refresh")) return new Response("{}", { status: over ? 401 : 200 });
  const { status, ...problem } = answers.shift();
  over = status !== 200;
  return new Response(JSON.stringify(problem), { status });
};
const { call } = await import("./api.js");
const answer = await call("GET", "/me").catch((refusal) => [refusal.status, refusal.message]);
console.log(JSON.stringify({ sent, left, answer }));
"""

pytestmark = pytest.mark.skipif(NODE is None, reason="no JavaScript outside a browser here")


def challenge(algorithm: str = "PBKDF2/SHA-256") -> dict[str, Any]:
    """One that costs next to nothing."""
    drawn = create_challenge(
        algorithm, 2, expires_at=int(time.time()) + 60, data={"route": "POST /sessions"}, hmac_secret=SECRET
    )
    return dict(drawn.to_dict())


def run(folder: Path, script: str, **told: Any) -> Any:
    """What the script prints, next to the portal's own."""
    shutil.copytree(HERE / "static", folder, dirs_exist_ok=True)
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "main.js").write_text(script)
    done = subprocess.run(
        [str(NODE), "main.js", json.dumps(told)], cwd=folder, capture_output=True, text=True, check=True, timeout=30
    )
    return json.loads(done.stdout)


def test_a_browsers_solution_is_what_the_library_takes(tmp_path: Path) -> None:
    for _ in range(3):
        assert verify_solution(run(tmp_path, SOLVE, challenge=challenge()), SECRET).verified


def test_what_a_browser_cannot_work_on_it_leaves(tmp_path: Path) -> None:
    assert run(tmp_path, SOLVE, challenge=challenge("ARGON2ID-X")) is None


def test_the_form_is_sent_again_once_with_the_solution_as_the_same_command(tmp_path: Path) -> None:
    done = run(tmp_path, ASK, challenge=challenge(), refusing=False)
    assert done["answer"] == {"expires_in": 1}
    assert done["said"] == [True, False]
    first, second = done["sent"]
    assert (first["proof"], first["key"]) == (None, second["key"])
    assert verify_solution(second["proof"], SECRET).verified


def test_a_second_refusal_and_one_without_a_challenge_are_told(tmp_path: Path) -> None:
    refused = run(tmp_path, ASK, challenge=challenge(), refusing=True)
    assert (refused["answer"], len(refused["sent"])) == (429, 2)
    without = run(tmp_path, ASK, challenge=None, refusing=True)
    assert (without["answer"], len(without["sent"]), without["said"]) == (429, 1, [])


@pytest.mark.parametrize("status", [429, 503])
def test_who_has_to_wait_for_a_refresh_is_told_so_and_stays_where_they_are(tmp_path: Path, status: int) -> None:
    answers = [{"status": status, "title": "Trop de demandes", "detail": "Réessayez dans 3 minutes."}]
    told = run(tmp_path, GO_ON, answers=answers)
    assert told["left"] == []
    assert told["answer"] == [status, "Trop de demandes. Réessayez dans 3 minutes."]


def test_a_session_that_is_over_leads_to_the_log_in(tmp_path: Path) -> None:
    assert run(tmp_path, GO_ON, answers=[{"status": 401}])["left"] == ["/connexion"]


def test_a_refresh_goes_on_by_the_work_that_is_asked_for(tmp_path: Path) -> None:
    told = run(tmp_path, GO_ON, answers=[{"status": 429, "proof_of_work": challenge()}, {"status": 200}])
    assert (told["left"], told["answer"]) == ([], {})
    assert [path for path, _ in told["sent"]] == ["/me", "/sessions/refresh", "/sessions/refresh", "/me"]
    assert verify_solution(told["sent"][2][1], SECRET).verified
