"""Starts processes and makes sure that none of them, nor any child, outlives the command."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil
from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_fixed

from infra.embedded.errors import EmbeddedError

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
TERM_GRACE_SECONDS = 8.0
POLL_SECONDS = 0.2
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Processes:
    """A set of servers with a shared lifetime: leaving the ``with`` block stops them and all they started.

    Airflow puts each job into its own session, so a process group cannot contain them all. On Linux
    this process adopts orphans instead (``PR_SET_CHILD_SUBREAPER``): every descendant stays in its tree.

    Args:
        grace: seconds that a process has to stop by itself.
    """

    def __init__(
        self, log_folder: Path, environment: Mapping[str, str], grace: float = TERM_GRACE_SECONDS
    ) -> None:
        self._logs = log_folder
        self._grace = grace
        self._environment = dict(environment)
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._steps: set[str] = set()
        self._others: frozenset[psutil.Process] = frozenset()
        self._handlers: dict[signal.Signals, Any] = {}

    def __enter__(self) -> "Processes":
        self._logs.mkdir(parents=True, exist_ok=True)
        self._others = frozenset(psutil.Process().children())
        _prctl(PR_SET_CHILD_SUBREAPER, 1)
        self._handlers = {number: signal.signal(number, _interrupt) for number in ENDING}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        try:
            self.stop()
        finally:
            for number, handler in self._handlers.items():
                signal.signal(number, signal.SIG_DFL if handler is None else handler)

    def start(self, name: str, command: Sequence[str], *, ends: bool = False) -> None:
        """Starts ``command`` in its own session; its output goes to ``NAME.log``.

        Args:
            ends: whether it is to end by itself, with status 0.
        """
        if ends:
            self._steps.add(name)
        with self.log(name).open("wb") as stream:
            self._running[name] = subprocess.Popen(  # noqa: S603  our own command lines
                list(command),
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_end_with_parent,
            )

    def log(self, name: str) -> Path:
        """File with the output of one server."""
        return self._logs / f"{name}.log"

    def ended(self, name: str) -> bool:
        """Whether a command that is to end has done so, with status 0."""
        return self._running[name].poll() == 0

    def kill(self, name: str, *, family: bool = False) -> None:
        """SIGKILL, as if the process (with ``family`` the whole machine that it stands for) were lost."""
        for process in [*(self.family(name) if family else ()), psutil.Process(self._running[name].pid)]:
            _send(process, signal.SIGKILL)
        self._running.pop(name).wait()

    def family(self, name: str) -> list[psutil.Process]:
        """All that a command has started, and what these have."""
        return psutil.Process(self._running[name].pid).children(recursive=True)

    def check(self) -> None:
        """Raises EmbeddedError if a server has ended by itself."""
        for name, process in self._running.items():
            if process.poll() is not None and not (name in self._steps and process.returncode == 0):
                raise EmbeddedError(
                    f"{name} ended with status {process.returncode}: {_last_line(self.log(name))}",
                    do=f"read {self.log(name)}",
                )

    def wait_until(self, ready: Callable[[], bool], what: str, seconds: float) -> None:
        """Polls ``ready``; EmbeddedError if a server dies first or time runs out."""
        polls = Retrying(
            retry=retry_if_result(lambda yes: not yes),
            wait=wait_fixed(POLL_SECONDS),
            stop=stop_after_delay(seconds),
            after=lambda _: self.check(),
        )
        try:
            polls(ready)
        except RetryError as late:
            raise EmbeddedError(
                f"{what} after {seconds:.0f} s", do=f"read the logs in {self._logs}"
            ) from late

    def stop(self) -> None:
        """SIGTERM to every descendant, SIGKILL to those left after the grace period.

        What this process had started before the block goes on.
        """
        if not self._running:
            return
        family = self._descendants()
        for process in family:
            _send(process, signal.SIGTERM)
        psutil.wait_procs(family, timeout=self._grace)
        for process in self._descendants():
            _send(process, signal.SIGKILL)
        psutil.wait_procs(self._descendants(), timeout=self._grace)
        self._running.clear()

    def _descendants(self) -> list[psutil.Process]:
        own = [child for child in psutil.Process().children() if child not in self._others]
        return [process for child in own for process in (child, *_children(child))]


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return list(process.children(recursive=True))
    except psutil.NoSuchProcess:
        return []


def _send(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _end_with_parent() -> None:
    """In the child: a SIGTERM if this command is killed outright."""
    _prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _last_line(file: Path) -> str:
    with file.open("rb") as stream:
        stream.seek(max(0, os.fstat(stream.fileno()).st_size - 4096))
        lines = stream.read().decode("utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "no output"
