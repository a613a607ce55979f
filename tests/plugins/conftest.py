"""The example package, built as a wheel by its build backend and unpacked as an installer would."""

import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

BUILD = "import sys; from setuptools import build_meta; print(build_meta.build_wheel(sys.argv[1]))"


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package and its dist-info."""
    source = tmp_path_factory.mktemp("source") / "example"
    shutil.copytree(Path(__file__).parent / "example", source)
    site = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-c", BUILD, str(site)],
        cwd=source, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (wheel,) = site.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    return site


@pytest.fixture
def installed(built: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The package on the path; gone again after the test."""
    monkeypatch.syspath_prepend(str(built))
    yield
    for name in [one for one in sys.modules if one.partition(".")[0] == "causalrec_example"]:
        del sys.modules[name]
