"""The wheel, and an environment that holds it and the locked packages but not the checkout."""

import shutil
import subprocess
import sysconfig
import venv
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Installed:
    """An environment with the wheel.

    Attributes:
        python: its interpreter; the command ``causalrec`` lies beside it.
        wheel: the file that was installed.
        home: an empty folder in which commands run.
    """

    python: Path
    wheel: Path
    home: Path

    def run(self, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Runs a command of the environment in its empty folder; the caller's variables are not passed on."""
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(self.home), "OMP_NUM_THREADS": "1"}
        return subprocess.run(
            [str(self.python.with_name(command[0])), *command[1:]],
            cwd=self.home, env=environment | variables, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def module(self, name: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Runs ``python -m NAME``."""
        return self.run("python", "-m", name, *arguments, **variables)


def uv_of(root: Path) -> str:
    """uv of the checkout or of the machine; the test is skipped where there is none."""
    found = shutil.which("uv", path=str(root / ".work" / "uv" / "bin")) or shutil.which("uv")
    if found is None:
        pytest.skip("no uv: run make setup")
    return found


@pytest.fixture(scope="session")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built without a network from the build backend that setup left in uv's cache."""
    folder = tmp_path_factory.mktemp("wheel")
    built = subprocess.run(
        [uv_of(root), "build", "--offline", "--quiet", "--wheel", "--out-dir", str(folder), str(root)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if built.returncode and "hatchling" in built.stderr:
        pytest.skip("the build backend is not in uv's cache: run make setup once with a network")
    assert built.returncode == 0, built.stderr
    (file,) = folder.glob("*.whl")
    return file


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The locked packages come through a path file, so the path file of the checkout does not count."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "locked.pth").write_text(sysconfig.get_path("purelib") + "\n")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    command = folder / "bin" / "causalrec"
    command.write_text(f"#!{python}\nimport sys\nfrom causalrec.__main__ import main\nsys.exit(main())\n")
    command.chmod(0o755)
    return Installed(python, wheel, tmp_path_factory.mktemp("elsewhere"))


def settings_of(installed: Installed, folder: Path, values: Mapping[str, object]) -> Path:
    """A settings file with ``values``, one ``key = value`` per line under its dotted table."""
    lines = [f"{name} = {value!r}".replace("'", '"') for name, value in values.items()]
    file = folder / "shop.toml"
    file.write_text("\n".join(lines) + "\n")
    return file
