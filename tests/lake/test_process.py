"""Which process is alive, gone, or nobody knows; with and without /proc."""

import os
from pathlib import Path

import pytest

from causalrec.lake import process
from causalrec.lake.process import Process, this_process


class NoProc(type(Path())):  # type: ignore[misc]
    """A system without /proc."""

    def exists(self, *args: object, **options: object) -> bool:
        return False

    def read_text(self, *args: object, **options: object) -> str:
        raise FileNotFoundError


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "Path", NoProc)
    monkeypatch.setattr(process, "BOOT_ID", NoProc("/proc/none"))
    process._boot.cache_clear()
    monkeypatch.setattr(os, "kill", answers)


DEAD, FOREIGN = 4_000_001, 4_000_002


def answers(pid: int, signal: int) -> None:
    assert signal == 0
    if pid == DEAD:
        raise ProcessLookupError
    if pid == FOREIGN:
        raise PermissionError


@pytest.mark.usefixtures("bare")
def test_without_proc_the_number_alone_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = this_process()
    assert (mine.boot, mine.life, mine.state) == ("", f"{os.getpid()}:alive", "alive")
    states = [Process(mine.host, "", f"{pid}:alive").state for pid in (DEAD, FOREIGN, os.getpid())]
    assert states == ["gone", "alive", "alive"]
    assert [process._runs(pid) for pid in (DEAD, FOREIGN, os.getpid())] == [False, True, True]
    monkeypatch.undo()
    process._boot.cache_clear()


def test_with_proc_a_later_process_of_the_same_number_is_another() -> None:
    mine = this_process()
    pid, start = mine.life.split(":")
    assert (pid, start.isdecimal()) == (str(os.getpid()), True)
    assert start == Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]
    assert mine.boot.startswith(process.BOOT_ID.read_text().strip() + " pid:[")
    assert Process(mine.host, mine.boot, f"{pid}:{int(start) + 1}").state == "gone"
    assert Process(mine.host, "", mine.life).state == "alive"
    assert Process(mine.host, mine.boot, f"{DEAD}:alive").state == "gone"
    assert process._runs(os.getpid()) is False  # /proc would have told
