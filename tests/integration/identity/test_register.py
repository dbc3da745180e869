"""The command that takes a register file, as a person runs it."""

import asyncio
import json
import os
import sys
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import ValidationError

from services.identity import register
from services.identity.settings import Settings
from tests.infra import free_port, secret_settings
from tests.integration.identity.device import LINES, Client
from tests.unit.identity.fakes import sealed
from tests.unit.identity.test_register import DEMO, line

ROOT = Path(__file__).parents[3]


async def run(environment: dict[str, str], *arguments: str) -> tuple[int | None, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "services.identity.main",
        *arguments,
        cwd=ROOT,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


def environment(mongodb_url: str) -> dict[str, str]:
    values = {
        **secret_settings()["identity"],
        "port": free_port(),
        "mongodb_url": mongodb_url,
        "database": f"identity-{uuid4().hex[:12]}",
        "kafka_url": "127.0.0.1:1",
        "public_url": "http://localhost:8400",
    }
    return {**os.environ, **{f"IDENTITY_{name.upper()}": str(value) for name, value in values.items()}}


async def test_the_right_lines_of_a_file_are_taken_and_the_wrong_ones_named(mongodb_url: str, folder: Path) -> None:
    lines = [*DEMO.read_bytes().splitlines(), b"", b"{", line(nir="x"), line(person_id=str(uuid4()))]
    file = folder / "register.ndjson"
    file.write_bytes(b"\n".join(lines))
    code, out, err = await run(environment(mongodb_url), "import", str(file))
    assert (code, out) == (1, "register: 10 new or changed, 0 as before, 3 wrong\n")
    assert err.splitlines() == [
        "line 12: not a JSON object",
        "line 13: wrong: nir",
        "line 14: wrong: nir (another person has it)",
    ]


async def test_a_line_whose_number_contradicts_the_birth_date_is_taken_and_named_without_quoting(
    mongodb_url: str, folder: Path
) -> None:
    file = folder / "register.ndjson"
    file.write_bytes(b"\n".join([*DEMO.read_bytes().splitlines()[1:], line(birth_date="1985-04-14")]))
    settings = environment(mongodb_url)
    for told in ("10 new or changed, 0 as before", "0 new or changed, 10 as before"):
        code, out, err = await run(settings, "import", str(file))
        assert code == 0
        assert out.splitlines() == [
            f"register: {told}, 0 wrong",
            "register: 1 taken whose number contradicts their birth date",
        ]
        assert err == "line 10: taken; to check: nir, birth_date\n"


async def test_taking_a_file_again_changes_nothing(client: Client) -> None:
    for changed in (8, 0):
        taken = register.Import(sealed)
        await taken.take([*LINES, *DEMO.read_bytes().splitlines()[2:]], client.app.state.work)
        assert (taken.changed, taken.unchanged, taken.wrong) == (changed, 10 - changed, {})


async def test_what_cannot_be_done_is_said_in_one_sentence(mongodb_url: str, folder: Path) -> None:
    settings = environment(mongodb_url)
    missing, unknown = await asyncio.gather(run(settings, "import", str(folder / "none")), run(settings, "export"))
    assert missing == (1, "", "cannot read the file: No such file or directory\n")
    assert unknown[0] == 2
    assert unknown[2].startswith("usage: ")


def test_a_service_without_its_secrets_does_not_start_and_quotes_none(
    mongodb_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = environment(mongodb_url)
    for name in settings.keys() - os.environ.keys() - {"IDENTITY_PEPPER"}:
        monkeypatch.setenv(name, settings[name])
    with pytest.raises(ValidationError, match="pepper") as refused:
        Settings()
    assert json.loads(settings["IDENTITY_SIGNING_KEY"])["d"] not in str(refused.value)
