"""Starts the waves of a cluster, and says which member does not come, and where its log is."""

import time

from infra.cluster.service import Service, Step, Wave
from infra.cluster.show import Board
from infra.embedded.errors import EmbeddedError
from infra.embedded.processes import POLL_SECONDS, Processes

START_SECONDS = 300.0


def start(processes: Processes, waves: tuple[Wave, ...], board: Board) -> None:
    """Returns when everything is ready.

    Raises:
        EmbeddedError: a member ended, or was not ready in time.
    """
    with board.shown():
        for wave in waves:
            for member in wave:
                processes.start(member.name, member.command, ends=isinstance(member, Step))
                board.starts(member)
            _wait(processes, wave, board)


def _wait(processes: Processes, wave: Wave, board: Board) -> None:
    waiting = list(wave)
    end = time.monotonic() + START_SECONDS
    while waiting:
        processes.check()
        for member in list(waiting):
            if _ready(processes, member):
                waiting.remove(member)
                board.is_ready(member)
        if waiting and time.monotonic() > end:
            log = processes.log(waiting[0].name)
            names = ", ".join(member.name for member in waiting)
            raise EmbeddedError(f"not ready after {START_SECONDS:.0f} s: {names}", do=f"read {log}")
        time.sleep(POLL_SECONDS)


def _ready(processes: Processes, member: Service | Step) -> bool:
    return member.ready() if isinstance(member, Service) else processes.ended(member.name)
