"""A shop in a folder of its own, run through the real DAG by the embedded Airflow."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from causalrec.config import Settings, load_settings
from causalrec.lake import Lake
from tests.jobs.joined_job import named

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

JOINED = "exec {python} -m tests.jobs.joined_job {job} --ds {ds}"
Row = dict[str, Any]
DATA_TABLES = (
    "events", "products", "images", "image_failures", "quarantine", "interactions", "image_features",
    "text_features", "datasets", "evaluations", "gate_checks", "promotions", "recommendation_candidates",
    "recommendations", "similar_items", "popular_items",
)  # fmt: skip


@dataclass(frozen=True)
class ShopUnderTest:
    """Settings file and work folder of one shop, with the commands that a user would type."""

    root: Path
    file: Path
    settings: Settings

    @property
    def lake(self) -> Lake:
        """Opened anew each time: the commands run in other processes."""
        return Lake(self.settings.lake_root)

    def command(self, *arguments: str, session: "SparkSession | None" = None) -> str:
        """Runs ``python -m infra.embedded …``; returns what it printed, fails with it otherwise.

        Its stages work in ``session``, so that no JVM starts for each; by default each has its own.
        """
        environment = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
        if session is not None:
            environment |= {"CAUSALREC_JOB_COMMAND": JOINED, **named(session)}
        done = subprocess.run(
            [sys.executable, "-m", "infra.embedded", *arguments, "--settings", str(self.file)],
            cwd=self.root, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def table(self, name: str, **where: str) -> pa.Table:
        """Rows of a table, of one partition value per keyword."""
        table = self.lake.table(name)
        return table.read(where={key: [value] for key, value in where.items()} or None)

    def rows(self, name: str, **where: str) -> list[Row]:
        """The same as mappings."""
        rows: list[Row] = self.table(name, **where).to_pylist()
        return rows

    def versions(self) -> dict[str, int]:
        """Delta version of every data table that exists."""
        tables = {name: self.lake.table(name) for name in DATA_TABLES}
        return {name: table.version() for name, table in tables.items() if table.exists()}

    def contents(self) -> dict[str, Counter[str]]:
        """The rows of every data table as multisets."""
        return {
            name: Counter(json.dumps(row, default=str, sort_keys=True) for row in self.rows(name))
            for name in self.versions()
        }

    def succeeded(self) -> dict[str, str]:
        """Job -> run id of its newest ledger row, over all dates."""
        rows = sorted(self.rows("ledger"), key=lambda row: row["finished_at"])
        return {f"{row['job']} {row['ds']}": row["run_id"] for row in rows}


def make_shop(root: Path, folder: Path, toml: str) -> ShopUnderTest:
    """Writes the settings file; ``{work}`` in ``toml`` becomes the work folder."""
    file = folder / "settings.toml"
    file.write_text(toml.replace("{work}", str(folder / "work")))
    return ShopUnderTest(root, file, load_settings(file, {}))


MakeShop = Callable[[str], ShopUnderTest]
