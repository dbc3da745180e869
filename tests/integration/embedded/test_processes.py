"""One supervised process: it is started again, given up in words, and ended with its children."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from deploy.embedded.errors import CannotStart
from deploy.embedded.processes import Child, Program, birth_of


async def yes() -> bool:
    return True


async def no() -> bool:
    return False


def child(
    folder: Path,
    code: str,
    ready: Callable[[], Awaitable[bool]],
    after_death: Callable[[], Awaitable[None]] | None = None,
) -> Child:
    program = Program("essai", "-", lambda: [sys.executable, "-c", code], ready, after_death=after_death)
    return Child(program, folder, lambda: None)


async def until(condition: Callable[[], object], seconds: float = 5) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


async def test_a_process_that_keeps_dying_is_given_up_with_its_last_words(tmp_path: Path) -> None:
    dying = child(tmp_path, "import sys; sys.exit('clé absente.')", no)
    with pytest.raises(CannotStart) as refusal:
        await dying.until_ready(10)
    await dying.stop(1)
    assert str(refusal.value) == (
        f"essai s’arrête dès son démarrage : clé absente (journal : {tmp_path / 'essai.log'})."
    )


async def test_a_program_that_cannot_be_run_is_given_up(tmp_path: Path) -> None:
    absent = Child(Program("essai", "-", lambda: ["/nonexistent"], no), tmp_path, lambda: None)
    with pytest.raises(CannotStart, match="essai s’arrête dès son démarrage"):
        await absent.until_ready(10)
    await absent.stop(1)


async def test_a_process_that_does_not_answer_is_given_up_in_time(tmp_path: Path) -> None:
    silent = child(tmp_path, "import time; time.sleep(60)", no)
    with pytest.raises(CannotStart, match=r"ne répond pas après 0 s"):
        await silent.until_ready(0.3)
    await silent.stop(5)
    assert silent.pid is None


async def test_a_process_that_ignores_the_request_is_ended_with_its_children(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "born = os.fork()\n"
        "if born: print(born, flush=True)\n"
        "time.sleep(60)\n"
    )
    stubborn = child(tmp_path, code, yes)
    await until(lambda: stubborn.log.exists() and stubborn.log.read_text().strip())
    grandchild, pid = int(stubborn.log.read_text()), stubborn.pid
    assert pid
    assert birth_of(grandchild)
    await stubborn.stop(0.2)
    assert birth_of(pid) is None
    await until(lambda: birth_of(grandchild) is None)


async def test_what_a_dead_process_left_behind_is_tidied_before_the_next_starts(tmp_path: Path) -> None:
    tidied: list[int] = []

    async def tidy() -> None:
        tidied.append(len(starts()))

    def starts() -> list[str]:
        return (tmp_path / "essai.log").read_text().split() if (tmp_path / "essai.log").exists() else []

    brief = child(tmp_path, "print('vivant')", yes, after_death=tidy)
    await until(lambda: len(starts()) >= 2)
    await brief.stop(1)
    assert tidied[0] == 1
