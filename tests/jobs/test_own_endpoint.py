"""A lake on a store with an endpoint of its own: every command finds it, and says so where it is down."""

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from causalrec.config import load_settings
from causalrec.errors import FeatureError, StoreError
from causalrec.features.alignment.pairs import read_pairs
from causalrec.lake.outcome import Outcome
from causalrec.run import open_lake, open_run
from jobs import cli, features, report
from jobs._stage.runner import Job, main, run
from tests.lake.s3 import REGION, s3_store

pytestmark = pytest.mark.server

DS = "2026-03-01"
DAY = dt.date.fromisoformat(DS)
NOBODY = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with s3_store() as address:
        yield address


def settings_file(folder: Path, endpoint: str) -> Path:
    file = folder / "shop.toml"
    file.write_text(
        f'[paths]\nwork = "{folder}"\nlake = "s3://shop/{folder.name}"\n'
        f'[lake]\nendpoint = "{endpoint}"\nregion = "{REGION}"\n'
    )
    return file


def test_every_command_reaches_the_lake_of_the_settings(
    endpoint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = settings_file(tmp_path, endpoint)
    settings = load_settings(file, {})
    asked = ["--settings", str(file)]
    toy = Job("land", lambda _: {}, lambda _: Outcome(rows_in=3))
    run(toy, open_run(settings, DAY))
    assert main(features.JOB, ["--ds", DS, *asked]) == 0
    assert main(report.JOB, ["--ds", DS, *asked]) == 0
    assert "night of 2026-03-01" in capsys.readouterr().out
    assert cli.main(["plan", "--from", DS, "--to", DS, "--json", *asked]) == 0
    (day,) = json.loads(capsys.readouterr().out)
    assert day["state"] == "missing"
    assert day["why"].startswith("no result of ingest_events")  # land was found
    assert cli.main(["status", "--ds", DS, "--json", *asked]) == 0
    with pytest.raises(FeatureError, match="0 products of 2026-03-01"):
        read_pairs(settings, open_lake(settings), DAY)


def test_a_store_that_does_not_answer_is_no_damaged_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["--settings", str(settings_file(tmp_path, NOBODY))]
    assert main(report.JOB, ["--ds", DS, *asked]) == 1
    said = capsys.readouterr().out
    assert "does not answer" in said
    assert "lake.endpoint" in said
    assert "tables were not touched" in said
    assert not {"restore", "move", "rebuild"} & set(said.split())


def test_a_pinned_version_is_not_called_gone_while_the_store_is_down(tmp_path: Path) -> None:
    settings = load_settings(settings_file(tmp_path, NOBODY), {})
    with pytest.raises(StoreError, match="does not answer"):
        open_lake(settings).table("events").snapshot(3)
