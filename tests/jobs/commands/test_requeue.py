"""``causalrec requeue`` from the command line: what waits, and what became of it under higher limits."""

import datetime as dt
import os
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


def foreign(folder: Path) -> dict[str, str]:
    """What another Spark, Java, Python and a proxy leave in the environment of a machine."""
    (folder / "spark-defaults.conf").write_text("spark.master yarn\nspark.driver.memory 900g\n")
    (folder / "core-site.xml").write_text("<configuration>no XML at all")
    nowhere = "http://127.0.0.1:9"
    return {
        "SPARK_HOME": "/opt/another-spark", "SPARK_CONF_DIR": str(folder), "HADOOP_CONF_DIR": str(folder),
        "SPARK_SUBMIT_OPTS": "-Xnonsense", "PYSPARK_SUBMIT_ARGS": "--master yarn", "SPARK_TESTING": "1",
        "PYSPARK_PYTHON": "/usr/bin/python2", "PYSPARK_DRIVER_PYTHON": "ipython",
        "JAVA_TOOL_OPTIONS": "-Xmx1x", "_JAVA_OPTIONS": "-Xmx1x", "JDK_JAVA_OPTIONS": "-Xmx1x",
        "PYTHONPATH": f"{folder}/nothing:/usr/lib/python2/dist-packages",
        **dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy"), nowhere),
    }  # fmt: skip


def test_what_waits_and_what_became_of_it(
    shop: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    assert main(["requeue", "events", "--dry-run", "--settings", str(shop)]) == 0
    shown = capsys.readouterr().out
    assert "bad_id" in shown
    assert "unparseable" in shown
    assert main(["requeue", "events", "--reason", "bad_time", "--settings", str(shop)]) == 0
    assert "nothing of this kind waits" in capsys.readouterr().out
    assert main(["requeue", "products", "--dry-run", "--settings", str(shop)]) == 0
    assert "nothing of this kind waits" in capsys.readouterr().out

    shop.write_text(shop.read_text().replace("max_id_chars = 10", "max_id_chars = 100"))
    command = [sys.executable, "-m", "jobs.cli", "requeue", "events", "--settings", str(shop)]
    done = subprocess.run(  # a session of its own
        command, capture_output=True, text=True, check=False, env={**os.environ, **foreign(shop.parent)}
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lake = Lake(load_settings(shop, {}).lake_root)
    assert sorted(lake.table("events").read()["event_id"].to_pylist()) == ["long", "short"]
    assert lake.table("quarantine").read()["reason_code"].to_pylist() == ["unparseable"]
