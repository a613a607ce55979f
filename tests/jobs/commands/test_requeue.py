"""``causalrec requeue`` from the command line: what waits, and what became of it under higher limits."""

import datetime as dt
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from causalrec.config import load_settings
from causalrec.ingest.events import ingest_events
from causalrec.lake import Lake, Ledger
from jobs.cli import main

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

DAY = dt.date(2026, 3, 1)
LINE = (
    '{"event_id": "%s", "event_time": "2026-03-01T12:00:00Z", "user_id": "u", "item_id": "%s", '
    '"event_type": "cart"}'
)


@pytest.fixture
def shop(tmp_path: Path, spark: "SparkSession") -> Path:
    """Settings of a shop in whose quarantine one id is too long and one is no JSON."""
    file = tmp_path / "shop.toml"
    file.write_text(
        f'[paths]\nwork = "{tmp_path}"\n\n[ingest]\nmax_id_chars = 10\nmax_rejected_share = 0.9\n'
    )
    settings = load_settings(file, {})
    folder = Path(settings.landing_root) / "events" / f"arrival_date={DAY}"
    folder.mkdir(parents=True)
    lines = [LINE % ("short", "i"), LINE % ("long", "i" * 20), "no json"]
    (folder / "events.jsonl").write_text("\n".join(lines) + "\n")
    lake = Lake(settings.lake_root)
    ingest_events(settings, lake, Ledger(lake), spark, DAY)
    return file


def test_what_waits_and_what_became_of_it(
    shop: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    assert main(["requeue", "events", "--dry-run", "--settings", str(shop)]) == 0
    shown = capsys.readouterr().out
    assert "bad_id" in shown
    assert "unparseable" in shown
    assert main(["requeue", "events", "--reason", "bad_time", "--settings", str(shop)]) == 0
    assert "holds no such rows" in capsys.readouterr().out
    assert main(["requeue", "products", "--dry-run", "--settings", str(shop)]) == 0
    assert "holds no such rows" in capsys.readouterr().out

    shop.write_text(shop.read_text().replace("max_id_chars = 10", "max_id_chars = 100"))
    command = [sys.executable, "-m", "jobs.cli", "requeue", "events", "--settings", str(shop)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # a session of its own
    assert done.returncode == 0, done.stdout + done.stderr
    lake = Lake(load_settings(shop, {}).lake_root)
    assert sorted(lake.table("events").read()["event_id"].to_pylist()) == ["long", "short"]
    assert lake.table("quarantine").read()["reason_code"].to_pylist() == ["unparseable"]
