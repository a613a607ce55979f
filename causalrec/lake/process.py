"""Identifies this process, and tells without a clock whether another one is still running."""

import os
import socket
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

State = Literal["alive", "gone", "unknown"]
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Process:
    """A process, identified so that no later one can be mistaken for it.

    Attributes:
        host: name of its machine or container.
        boot: the boot of that machine and its process namespace; empty if the system reveals neither.
        life: ``pid:start``, the start in ticks since the boot.
    """

    host: str
    boot: str
    life: str

    @property
    def state(self) -> State:
        """``unknown`` if it belongs to another machine, container or boot, which cannot be inspected."""
        if self.host != socket.gethostname() or self.boot not in ("", _boot()):
            return "unknown"
        return "alive" if self.life == _life(int(self.life.split(":")[0])) else "gone"


def this_process() -> Process:
    """The calling process."""
    return Process(socket.gethostname(), _boot(), _life(os.getpid()))


@cache
def _boot() -> str:
    try:
        return f"{BOOT_ID.read_text(encoding='ascii').strip()} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def _life(pid: int) -> str:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
        return f"{pid}:{stat.rpartition(')')[2].split()[19]}"
    except OSError:
        return f"{pid}:{'alive' if _runs(pid) else 'gone'}"


def _runs(pid: int) -> bool:
    """Whether the process exists, on systems without /proc."""
    if Path("/proc/self").exists():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
