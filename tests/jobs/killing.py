"""Jobs that die by kill -9 around the commit of one table, and what is then left of a lake."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from causalrec.config import Settings, load_settings
from causalrec.lake import Lake, LakeTable
from causalrec.lake.digest import digest_of
from jobs._stage.load import load_job
from jobs._stage.runner import main
from tests.jobs.joined_job import named

Kill: TypeAlias = tuple[str, str, str]  # job, table, before or after its commit

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def settings_of(file: Path) -> Settings:
    return load_settings(file, {})


def lake_of(file: Path) -> Lake:
    settings = settings_of(file)
    return Lake(settings.lake_root, settings.lake)


def kill(spark: "SparkSession", root: Path, file: Path, ds: str, job: str, table: str, moment: str) -> int:
    """Runs a job in a process of its own up to its death; the exit status."""
    environment = os.environ | {"PYTHONPATH": str(root), **named(spark)}
    command = [sys.executable, str(root / "tests/jobs/deadly_job.py"), job, table, moment, ds, str(file)]
    return subprocess.run(command, cwd=root, env=environment, check=False).returncode


def data_files(table: LakeTable) -> int:
    return len(list(Path(table.location.uri).rglob("*.parquet")))


def content(file: Path) -> dict[str, tuple[str, int, int, int]]:
    """Per table of the lake: digest, version, files on disk, notes of attempts."""
    lake, found = lake_of(file), {}
    for folder in sorted(Path(lake.root).iterdir()):
        if folder.name != "ledger":
            table = lake.table(folder.name)
            notes = len(table.location.listing("_attempts"))
            found[folder.name] = (digest_of(table.read()).hex, table.version(), data_files(table), notes)
    return found


def dies(spark: "SparkSession", root: Path, file: Path, ds: str, job: str, table: str, moment: str) -> None:
    """Kills the job ``before`` or ``after`` the commit of ``table``, and looks at the table's version."""
    before = lake_of(file).table(table).snapshot()
    assert kill(spark, root, file, ds, job, table, moment) == -signal.SIGKILL
    after = lake_of(file).table(table).created()
    grown = after.version > (before.version if before else 0)
    assert grown is (moment == "after"), (job, table, moment)


def run_both(
    spark: "SparkSession",
    root: Path,
    calm: Path,
    killed: Path,
    ds: str,
    kills: Sequence[tuple[str, str, str]],
) -> None:
    """Each job once in the shop ``calm``; in ``killed`` it dies at all its moments, and then runs through."""
    for name in dict.fromkeys(job for job, _, _ in kills):
        assert main(load_job(name), ["--ds", ds, "--settings", str(calm)]) == 0
        for job, table, moment in kills:
            if job == name:
                dies(spark, root, killed, ds, job, table, moment)
        assert main(load_job(name), ["--ds", ds, "--settings", str(killed)]) == 0
