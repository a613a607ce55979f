"""Services as data: started in waves, checked for health, and named with their log where they do not come."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from infra.cluster.service import Service, Step, Wave
from infra.cluster.show import Board
from infra.cluster.start import start
from infra.embedded.errors import EmbeddedError
from infra.embedded.processes import Processes

STAYS = ("/bin/sleep", "60")


def started(
    waves: tuple[Wave, ...], folder: Path, monkeypatch: pytest.MonkeyPatch, seconds: float = 20
) -> str:
    """What is printed."""
    monkeypatch.setattr("infra.cluster.start.START_SECONDS", seconds)
    console = Console(file=(out := io.StringIO()), width=200)
    with Processes(folder / "logs", {}, grace=1.0) as processes:
        start(processes, waves, Board(waves, console))
    return out.getvalue()


def wrote(file: Path) -> tuple[str, ...]:
    return ("/bin/sh", "-c", f"echo one >> {file}")


def test_a_wave_starts_when_the_one_before_is_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mark = tmp_path / "mark"
    first: Wave = (Service("database", STAYS, lambda: True), Step("tables", wrote(mark)))
    second: Wave = (Service("server", STAYS, lambda: mark.read_text() == "one\n"),)
    lines = started((first, second), tmp_path, monkeypatch).splitlines()
    assert sorted(lines[:2]) == ["database: ready after 0 s", "tables: done after 0 s"]
    assert lines[2:] == ["server: ready after 0 s"]


def test_a_step_that_fails_is_named_with_its_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waves: tuple[Wave, ...] = ((Step("tables", ("/bin/sh", "-c", "echo no space left; exit 3")),),)
    with pytest.raises(
        EmbeddedError, match=r"tables ended with status 3: no space left -> read .*tables\.log"
    ):
        started(waves, tmp_path, monkeypatch)


def test_a_service_that_is_never_ready_is_named_with_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waves: tuple[Wave, ...] = ((Service("good", STAYS, lambda: True), Service("mute", STAYS, lambda: False)),)
    with pytest.raises(EmbeddedError, match=r"not ready after 0 s: mute -> read .*mute\.log"):
        started(waves, tmp_path, monkeypatch, 0.3)


def test_a_killed_machine_takes_its_children_with_it(tmp_path: Path) -> None:
    """And is no longer missed."""
    up = tmp_path / "up"
    with Processes(tmp_path / "logs", {}, grace=1.0) as processes:
        processes.start("worker", ["/bin/sh", "-c", f"/bin/sleep 61 & touch {up}; wait"])
        processes.wait_until(up.exists, "no worker", 20)
        (lost,) = processes.family("worker")
        processes.kill("worker", family=True)
        lost.wait(10)
        processes.check()


def test_the_table_names_every_member() -> None:
    waves: tuple[Wave, ...] = (
        (Service("mlflow", STAYS, lambda: True, "http://here"), Step("tables", STAYS)),
    )
    console = Console(file=(out := io.StringIO()), width=80)
    board = Board(waves, console)
    board.starts(waves[0][1])
    board.is_ready(waves[0][1])
    console.print(board.table())
    rows = [line.split() for line in out.getvalue().splitlines()[1:]]
    assert rows[1:] == [["mlflow", "waiting", "http://here"], ["tables", "done", "0"]]
