"""The wheel in an environment of its own: nothing of the checkout is needed."""

import zipfile
from pathlib import Path

import pytest

from causalrec import __version__
from tests.jvm import LIGHT
from tests.wheel.conftest import Installed, settings_of

SHOP = {
    "shop": "tiny", "source.kind": "demo", "source.users": 40, "source.items": 30, "source.days": 8,
    "spark.java_options": LIGHT,
}  # fmt: skip


def test_nothing_but_causalrec_is_installed(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names} == {"causalrec", f"causalrec-{__version__}.dist-info"}
    assert {"causalrec/py.typed", "causalrec/schemas/events.yaml", "causalrec/dags/nightly.py"} <= set(names)


def test_every_contract_is_inside(wheel: Path, root: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    for file in (root / "schemas").glob("*.yaml"):
        assert archive.read(f"causalrec/schemas/{file.name}") == file.read_bytes()


def test_the_command_runs(installed: Installed) -> None:
    done = installed.run("causalrec", "--help")
    assert done.returncode == 0, done.stderr
    assert "status" in done.stdout


def test_status_of_an_empty_folder_says_what_to_do(installed: Installed) -> None:
    done = installed.run("causalrec", "status")
    assert done.returncode == 1
    assert "the ledger is empty" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.spark
def test_stages_run_by_command_lines(installed: Installed, tmp_path: Path) -> None:
    """The stages up to a table that Spark writes; every stage starts the same way."""
    file = settings_of(installed, tmp_path, SHOP | {"paths.work": str(tmp_path / "work")})
    for stage in ("land", "ingest_products"):
        done = installed.module(f"causalrec.jobs.{stage}", "--ds", "2026-02-05", CAUSALREC_SETTINGS=str(file))
        assert done.returncode == 0, done.stdout + done.stderr
    done = installed.run("causalrec", "status", "--ds", "2026-02-05", "--json", CAUSALREC_SETTINGS=str(file))
    assert '"ingest_products"' in done.stdout
    again = installed.module(
        "causalrec.jobs.ingest_products", "--ds", "2026-02-05", CAUSALREC_SETTINGS=str(file)
    )
    assert "up to date" in again.stdout
