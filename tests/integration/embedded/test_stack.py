"""The stack as a whole: it starts, refuses, heals, and leaves nothing behind."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from deploy.embedded import stack as stacks
from deploy.embedded.errors import CannotStart
from deploy.embedded.ports import HOST, Ports, free_base
from deploy.embedded.processes import ROOT
from deploy.embedded.stack import Options, Running, Stack, start, stop

PARTS = {"broker", "database", "mailbox", "traces", "idp"}


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    stop(tmp_path)


def up(*arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "deploy.embedded", "up", "--only-parts", *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def of_folder(data: Path) -> list[int]:
    """Every process of this machine that was started for this folder."""
    mine = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(data) in entry.read_text() and entry.parent.name != str(os.getpid()):
                mine.append(int(entry.parent.name))
        except OSError:
            continue
    return mine


async def test_every_part_of_a_ready_stack_is_described_and_alive(data: Path, stack: Stack) -> None:
    assert stack.ready
    assert stack.parts.keys() == PARTS
    assert all(part.alive for part in stack.parts.values())
    assert stack.supervisor.alive
    assert stack.services == {}


async def test_parts_that_are_killed_come_back_as_other_processes(data: Path) -> None:
    killed = {name: stacks.kill(data, name) for name in PARTS}
    for name, was in killed.items():
        now = await stacks.restarted(data, name, was)
        assert now.pid != was.pid
        assert now.url == was.url
        assert now.alive
        assert not was.alive


def test_a_taken_port_is_said_in_one_sentence_and_nothing_is_started(own: Path) -> None:
    base = free_base()
    with socket.create_server((HOST, Ports(base)["traces"])):
        refused = up("--data", own, "--port-base", base)
        said, error = refused.communicate(timeout=20)
    assert refused.returncode == 1
    assert said == ""
    assert error == f"Le port {base + 9} est déjà pris : choisissez une autre base avec --port-base.\n"
    assert not (own / "stack.json").exists()
    assert of_folder(own) == []


def test_a_folder_in_use_is_refused_and_its_stack_goes_on(data: Path, stack: Stack) -> None:
    refused = up("--data", data, "--port-base", free_base())
    said, error = refused.communicate(timeout=20)
    assert refused.returncode == 1
    assert said == ""
    assert error == f"Une pile tourne déjà dans {data} : arrêtez-la avec « down ».\n"
    assert Stack.load(data) == stack


def test_a_broker_that_does_not_answer_is_refused(own: Path) -> None:
    with pytest.raises(CannotStart, match=r"^Aucun broker Kafka ne répond à l’adresse 127\.0\.0\.1:1\.$"):
        start(Options(own, free_base(), only_parts=True, kafka=f"{HOST}:1"))
    assert of_folder(own) == []


async def test_a_stack_uses_a_broker_that_runs_elsewhere_and_both_stacks_end_alone(
    data: Path, stack: Stack, own: Path
) -> None:
    beside = await asyncio.to_thread(start, Options(own, free_base(), only_parts=True, kafka=stack.kafka))
    assert beside.kafka == stack.kafka
    assert beside.parts.keys() == PARTS - {"broker"}
    assert not {part.pid for part in beside.parts.values()} & {part.pid for part in stack.parts.values()}
    assert await asyncio.to_thread(stop, own)
    assert not any(part.alive for part in beside.parts.values())
    assert of_folder(own) == []
    assert Stack.load(data) == stack
    assert all(part.alive for part in stack.parts.values())


async def test_the_next_start_takes_over_from_a_supervisor_that_was_killed(own: Path) -> None:
    base = free_base()
    first = await asyncio.to_thread(start, Options(own, base, only_parts=True))
    os.kill(first.supervisor.pid, signal.SIGKILL)
    second = await asyncio.to_thread(start, Options(own, base, only_parts=True))
    assert not any(part.alive for part in first.parts.values())
    assert all(part.alive for part in second.parts.values())
    assert await asyncio.to_thread(stop, own)
    assert of_folder(own) == []


def test_the_process_that_got_the_number_of_a_dead_one_is_left_alone(own: Path) -> None:
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as stranger:
        gone = Running("", stranger.pid, "another birth")
        kept = Stack("-", "-", "-", "-", "-", "-", "-", supervisor=gone, parts={"broker": gone})
        kept.save(own)
        assert not stop(own)
        assert stranger.poll() is None
        stranger.kill()
    assert not (own / "stack.json").exists()


async def test_in_the_foreground_it_shows_its_addresses_and_ends_with_control_c(own: Path) -> None:
    base = free_base()
    running = up("--data", own, "--port-base", base)
    assert running.stdout is not None
    lines = iter(running.stdout.readline, "")
    shown = next(line for line in lines if "Courriels" in line)
    assert shown.split() == ["Courriels", Ports(base).url("mailbox")]
    async with asyncio.timeout(20):
        while not (own / "stack.json").exists() or not Stack.load(own).ready:
            await asyncio.sleep(0.05)
    running.send_signal(signal.SIGINT)
    _, error = await asyncio.to_thread(running.communicate, timeout=20)
    assert (running.returncode, error) == (0, "")
    assert not (own / "stack.json").exists()
    assert of_folder(own) == []


async def test_ending_it_while_it_starts_leaves_nothing(own: Path) -> None:
    starting = up("--data", own, "--port-base", free_base())
    async with asyncio.timeout(20):
        while not (own / "stack.json").exists():
            await asyncio.sleep(0.01)
    starting.send_signal(signal.SIGTERM)
    said, error = await asyncio.to_thread(starting.communicate, timeout=20)
    assert (starting.returncode, said, error) == (1, "", "Démarrage interrompu.\n")
    assert of_folder(own) == []


def test_ending_where_nothing_runs_is_no_error(tmp_path: Path) -> None:
    nowhere = tmp_path / str(uuid4())
    command = [sys.executable, "-m", "deploy.embedded", "down", "--data", str(nowhere)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (0, f"Rien ne tourne dans {nowhere}.\n")
    assert not nowhere.exists()
