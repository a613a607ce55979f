"""A copy of the working tree for changed code and its tests; the tree itself is never touched."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import copy2
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Literal

from infra.mutants.changes import Change

Verdict = Literal["caught", "survived", "too slow"]
FAST = "not (spark or airflow or server or browser or slow)"
PASSED, FAILED, NOTHING_RAN = 0, (1, 2), 5
PATIENCE = 3.0  # factor over the time of the unchanged tests, to catch endless loops
LEAST_SECONDS = 60.0


@dataclass(frozen=True)
class Sandbox:
    """The copy, and the time of a package's unchanged tests."""

    root: Path

    def baseline(self, package: str) -> float:
        """Seconds of the unchanged tests.

        Raises:
            RuntimeError: they fail, or there are none, so that they prove nothing.
        """
        began = monotonic()
        status, output = self._tests(package, None)
        if status != PASSED:
            why = "there are none" if status == NOTHING_RAN else output[-2_000:]
            raise RuntimeError(f"tests/{package} does not pass unchanged: {why}")
        return monotonic() - began

    def judge(self, package: str, path: str, change: Change, usual: float) -> Verdict:
        """Whether the fast tests of ``package`` notice ``change`` in the file ``path``.

        Raises:
            RuntimeError: the tests could not be run.
        """
        file = self.root / path
        source = file.read_bytes()
        file.write_bytes(change.applied(source))
        try:
            status, output = self._tests(package, max(LEAST_SECONDS, PATIENCE * usual))
        except subprocess.TimeoutExpired:
            return "too slow"
        finally:
            file.write_bytes(source)
        if status not in (PASSED, *FAILED):
            raise RuntimeError(f"pytest ended with {status}: {output[-2_000:]}")
        return "survived" if status == PASSED else "caught"

    def _tests(self, package: str, seconds: float | None) -> tuple[int, str]:
        command = [sys.executable, "-m", "pytest", f"tests/{package}", "-x", "-q", "-m", FAST]
        done = subprocess.run(  # noqa: S603 - fixed command
            [*command, "-p", "no:cacheprovider", "-p", "no:xdist"],
            cwd=self.root, env={**os.environ, "PYTHONPATH": str(self.root), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True, text=True, check=False, timeout=seconds,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr


@contextmanager
def sandbox(tree: Path) -> Iterator[Sandbox]:
    """A copy of all files of ``tree`` that git knows or would add."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607
        cwd=tree, capture_output=True, text=True, check=True,
    )  # fmt: skip
    with TemporaryDirectory(prefix="causalrec-mutants-") as folder:
        for name in filter(None, listed.stdout.split("\0")):
            if (tree / name).is_file():
                (Path(folder) / name).parent.mkdir(parents=True, exist_ok=True)
                copy2(tree / name, Path(folder) / name)
        yield Sandbox(Path(folder))
