"""The script that keeps an answer as a file: the session goes on by itself, and a refusal is one."""

from pathlib import Path
from typing import Any

import pytest

from tests.unit.gateway.test_proof_js import NODE, run

SCRIPT = """
const sent = [];
const left = [];
const kept = { getItem: () => null, setItem() {}, removeItem() {} };
globalThis.navigator ??= {};
Object.assign(globalThis, {
  sessionStorage: kept, localStorage: kept, document: { querySelector: () => ({}) },
  location: { replace: (address) => left.push(address) },
});
const { answers } = JSON.parse(process.argv[2]);
globalThis.fetch = async (address, { method, headers }) => {
  sent.push(`${method} ${address} ${headers.Accept}`);
  const [status, body, disposition] = answers.shift();
  return new Response(body, { status, headers: disposition ? { "Content-Disposition": disposition } : {} });
};
const { file } = await import("./api.js");
let result;
try {
  const { content, name } = await file("/me/access-log", "text/csv");
  result = { name, text: await content.text() };
} catch (error) {
  result = { status: error.status };
}
console.log(JSON.stringify({ result, sent, left }));
"""
ASKED, REFRESHED = "GET /api/v1/me/access-log text/csv", "POST /api/v1/sessions/refresh application/json"


pytestmark = pytest.mark.skipif(NODE is None, reason="no JavaScript outside a browser here")


def told(folder: Path, *answers: tuple[Any, ...]) -> dict[str, Any]:
    """What the page does when the API answers so."""
    found: dict[str, Any] = run(folder, SCRIPT, answers=answers)
    return found


def test_a_file_is_kept_under_the_name_that_it_came_with_in_a_session_that_goes_on(tmp_path: Path) -> None:
    file = 200, "a;b", 'attachment; filename="acces.csv"'
    assert told(tmp_path, (401, "{}"), (200, "{}"), file) == {
        "result": {"name": "acces.csv", "text": "a;b"},
        "sent": [ASKED, REFRESHED, ASKED],
        "left": [],
    }


def test_a_refusal_is_no_file(tmp_path: Path) -> None:
    assert told(tmp_path, (503, '{"title": "Indisponible"}'))["result"] == {"status": 503}
    over = told(tmp_path, (401, "{}"), (401, "{}"))
    assert (over["result"], over["left"]) == ({"status": 401}, ["/connexion"])
