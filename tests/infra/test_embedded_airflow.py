"""The embedded Airflow for real, with jobs replaced by a script that writes down how it was called."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = [pytest.mark.airflow, pytest.mark.slow, pytest.mark.timeout(1200)]

SCRIPT = """#!/bin/sh
echo "$1 $2" >> "{folder}/calls"
if [ "$1" = need_champion ] && [ -f "{folder}/champion" ]; then exit 99; fi
if [ "$1" = promote ]; then touch "{folder}/champion"; fi
if [ "$1" = "$BROKEN" ]; then echo "no delivery -> put one there"; exit 1; fi
"""
TRAINING = ["train", "evaluate", "promote"]
BEFORE = ["land", "ingest_events", "ingest_products", "ingest_images", "embed_images", "embed_texts"]
AFTER = ["score", "publish", "item_lists", "report"]
# beside the others
ASIDE = ("features", "review", "monitor", "request_training", "behaviour_lists", "experiment")


@dataclass(frozen=True)
class Night:
    """Runs one night and says which jobs were called, in order."""

    folder: Path
    root: Path

    def run(self, ds: str, broken: str = "") -> tuple[int, str, list[str]]:
        calls = self.folder / "calls"
        calls.write_text("")
        environment = {
            **os.environ,
            "BROKEN": broken,
            "CAUSALREC__PATHS__WORK": str(self.folder / "work"),
            "CAUSALREC_JOB_COMMAND": f"{self.folder}/job.sh {{job}} {{ds}}",
            "CAUSALREC_TASK_RETRIES": "0",
        }
        done = subprocess.run(
            [sys.executable, "-m", "infra.embedded", "nightly", "--ds", ds],
            cwd=self.root, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        lines = calls.read_text().splitlines()
        assert {line.split()[1] for line in lines} == {ds}
        called = [line.split()[0] for line in lines]
        assert called.count("features") == 1
        assert all(called.count(name) <= 1 for name in ASIDE)
        if "publish" in called:
            assert {"monitor", "request_training"} <= set(called)
        main = [name for name in called if name not in ASIDE]
        return done.returncode, done.stdout + done.stderr, main


@pytest.fixture
def night(tmp_path: Path, root: Path) -> Night:
    script = tmp_path / "job.sh"
    script.write_text(SCRIPT.replace("{folder}", str(tmp_path)))
    script.chmod(0o755)
    return Night(tmp_path, root)


def test_a_failed_first_night_and_its_repetition(night: Night) -> None:
    status, output, calls = night.run("2026-03-01", broken="build_dataset")
    assert status == 1
    assert sorted(calls) == sorted([*BEFORE, "need_champion", "build_dataset"])
    assert "no delivery -> put one there" in output
    assert "1 of 1 runs failed: 2026-03-01" in output

    status, output, calls = night.run("2026-03-01")
    assert status == 0, output
    assert sorted(calls[:8]) == sorted([*BEFORE, "need_champion", "build_dataset"])
    assert calls[8:] == [*TRAINING, *AFTER]

    left = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert str(night.folder) not in left
