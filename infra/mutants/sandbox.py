"""A copy of the working tree for changed code and its tests; the tree itself is never touched."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copy2
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Literal

from infra.mutants.changes import Change

Verdict = Literal["caught", "survived", "too slow"]
FAST = "not (spark or airflow or server or browser or slow)"
SPARK = "spark and not (airflow or server or browser or slow)"
SERVER = "server and not (spark or airflow or browser or slow)"
SLOW = "slow and not (airflow or server or browser or cluster)"
ROUNDS = (FAST, SPARK, SERVER, SLOW)  # what takes long starts only for what the tests before let pass
PASSED, FAILED, NOTHING_RAN = 0, (1, 2), 5
PATIENCE = 3.0  # factor over the time of the unchanged tests, to catch endless loops
LEAST_SECONDS = 60.0


@dataclass(frozen=True)
class Sandbox:
    """The copy, and the times of the unchanged tests by package and round."""

    root: Path
    usual: dict[tuple[str, str], float] = field(default_factory=dict)

    def judge(self, package: str, path: str, change: Change) -> Verdict:
        """Whether the tests of ``package`` notice ``change`` in the file ``path``.

        Raises:
            RuntimeError: the tests could not be run, fail unchanged, or there are none.
        """
        for marks in ROUNDS:
            patience = max(LEAST_SECONDS, PATIENCE * self._unchanged(package, marks))
            verdict = self._round(package, path, change, marks, patience)
            if verdict != "survived":
                return verdict
        return "survived"

    def _round(self, package: str, path: str, change: Change, marks: str, patience: float) -> Verdict:
        file = self.root / path
        source = file.read_bytes()
        file.write_bytes(change.applied(source))
        try:
            status, output = self._tests(nearest_first(self.root, package, path), marks, patience)
        except subprocess.TimeoutExpired:
            return "too slow"
        finally:
            file.write_bytes(source)
        if status not in (PASSED, NOTHING_RAN, *FAILED):
            raise RuntimeError(f"pytest ended with {status}: {output[-2_000:]}")
        return "caught" if status in FAILED else "survived"

    def _unchanged(self, package: str, marks: str) -> float:
        """Seconds of the unchanged tests, measured once."""
        if (package, marks) not in self.usual:
            began = monotonic()
            status, output = self._tests([f"tests/{package}"], marks, None)
            if status in FAILED or (status, marks) == (NOTHING_RAN, FAST):
                why = "there are none" if status == NOTHING_RAN else output[-2_000:]
                raise RuntimeError(f"tests/{package} does not pass unchanged: {why}")
            self.usual[package, marks] = monotonic() - began
        return self.usual[package, marks]

    def _tests(self, files: list[str], marks: str, seconds: float | None) -> tuple[int, str]:
        command = [sys.executable, "-m", "pytest", *files, "-x", "-q", "-m", marks]
        done = subprocess.run(  # noqa: S603 - fixed command
            [*command, "-p", "no:cacheprovider", "-p", "no:xdist"],
            cwd=self.root, env={**os.environ, "PYTHONPATH": str(self.root), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True, text=True, check=False, timeout=seconds,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr


def nearest_first(root: Path, package: str, path: str) -> list[str]:
    """Test files of ``package``; those that name the changed module first, as they are likely to notice."""
    module = path.removesuffix(".py").replace("/", ".")
    files = sorted((root / "tests" / package).rglob("test_*.py"))
    files.sort(key=lambda file: module not in file.read_text(encoding="utf-8"))
    return [file.relative_to(root).as_posix() for file in files]


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
