"""The checks before anything is installed: what is missing is named in one line that says what to do."""

import shutil
import subprocess
from pathlib import Path

import pytest

TOOLS = ("sed", "head", "awk", "uname", "dirname", "tail")


class Machine:
    """A machine with exactly the programs that a test puts on its PATH."""

    def __init__(self, folder: Path, root: Path) -> None:
        self.folder, self.root = folder, root
        for tool in TOOLS:
            self.link(tool)

    def link(self, tool: str) -> None:
        found = shutil.which(tool)
        assert found, tool
        (self.folder / tool).symlink_to(found)

    def script(self, name: str, body: str) -> None:
        file = self.folder / name
        file.write_text(f"#!/bin/sh\n{body}\n")
        file.chmod(0o755)

    def python(self, name: str, version: tuple[int, int]) -> None:
        """A Python that only knows its own version."""
        ok = (3, 11) <= version < (3, 13)
        text = f"{version[0]}.{version[1]}.0"
        self.script(name, f'case "$2" in *platform*) echo {text} ;; *) exit {0 if ok else 1} ;; esac')

    def java(self, version: str) -> None:
        self.script("java", f"echo 'openjdk version \"{version}\" 2025-01-01' >&2")

    def complete(self) -> None:
        self.python("python3.11", (3, 11))
        self.script("git", "exit 0")
        self.java("17.0.15")

    def run(self, call: str = "preflight") -> tuple[int, str]:
        done = subprocess.run(
            ["/bin/sh", "-c", f". infra/preflight.sh; {call}"],
            cwd=self.root, env={"PATH": str(self.folder)}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def machine(tmp_path: Path, root: Path) -> Machine:
    return Machine(tmp_path, root)


def test_a_complete_machine_passes_silently(machine: Machine) -> None:
    machine.complete()
    assert machine.run() == (0, "")


def test_no_python(machine: Machine) -> None:
    assert machine.run() == (
        1,
        "Python 3.11 or 3.12 is needed, found none"
        " -> install one (Debian: apt-get install python3.11 python3.11-venv)\n",
    )


@pytest.mark.parametrize("version", [(3, 9), (3, 13)])
def test_python_of_another_version(machine: Machine, version: tuple[int, int]) -> None:
    machine.complete()
    (machine.folder / "python3.11").unlink()
    machine.python("python3", version)
    status, line = machine.run()
    assert status == 1
    assert line.startswith(f"Python 3.11 or 3.12 is needed, found {version[0]}.{version[1]}.0 -> install")


def test_python3_of_a_fitting_version_is_taken(machine: Machine) -> None:
    machine.complete()
    (machine.folder / "python3.11").unlink()
    machine.python("python3", (3, 12))
    assert machine.run('preflight; echo "$PYTHON"') == (0, f"{machine.folder}/python3\n")


def test_no_git(machine: Machine) -> None:
    machine.complete()
    (machine.folder / "git").unlink()
    assert machine.run() == (1, "git is not installed -> install it (Debian: apt-get install git)\n")


def test_no_java(machine: Machine) -> None:
    machine.complete()
    (machine.folder / "java").unlink()
    assert machine.run() == (
        1,
        "Java is not installed; Spark needs 17 or newer"
        " -> install it (Debian: apt-get install openjdk-17-jre-headless)\n",
    )


@pytest.mark.parametrize(("version", "major"), [("1.8.0_402", 8), ("11.0.22", 11), ("16", 16)])
def test_java_too_old(machine: Machine, version: str, major: int) -> None:
    machine.complete()
    machine.java(version)
    status, line = machine.run()
    assert status == 1
    assert line.startswith(f"Java {major} is too old; Spark needs 17 or newer -> install it")


@pytest.mark.parametrize("version", ["17", "17.0.15", "21.0.2", "25"])
def test_java_new_enough(machine: Machine, version: str) -> None:
    machine.complete()
    machine.java(version)
    assert machine.run() == (0, "")


def test_java_that_says_nothing(machine: Machine) -> None:
    machine.complete()
    machine.script("java", "exit 1")
    assert machine.run() == (1, "the version of java cannot be read -> check it with: java -version\n")


@pytest.mark.parametrize(("gib", "status"), [(9, 1), (10, 0)])
def test_disk(machine: Machine, gib: int, status: int) -> None:
    machine.script("df", f"echo head; echo 'disk 1 1 {gib * 1048576} 1% /'")
    line = f"{gib} GiB free here, the environment needs 10 -> make room or clone to a larger disk\n"
    assert machine.run("need_disk") == (status, line if status else "")
