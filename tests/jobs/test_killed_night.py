"""kill -9 of the jobs behind the model around their commits; the night ends like an undisturbed one."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from causalrec.registry.champion.promotions import decisions
from causalrec.registry.gate.judged import LATENCY
from causalrec.registry.store import connect
from causalrec.registry.versions import by_alias
from jobs._stage.load import load_job
from jobs._stage.runner import main
from tests.jobs.killing import content, lake_of, run_both, settings_of
from tests.registry.shop import DS, TOML, write_dataset

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

NIGHT = DS.isoformat()
KILLS = [
    ("evaluate", "evaluations", "after"),  # metrics without a verdict
    ("evaluate", "gate_checks", "after"),  # a verdict that no run and no tag knows of
    ("promote", "promotions", "after"),  # the decision stands, the alias has not followed
    ("score", "recommendation_candidates", "after"),
    ("publish", "recommendations", "after"),
    ("item_lists", "similar_items", "after"),  # between its two tables
    ("monitor", "monitoring", "after"),
]
SETTINGS = f"""{TOML}
[scoring]
k = 5
[gate]
metric = "ndcg@10"
auto_approve = "always"
"""


def shop_at(folder: Path) -> Path:
    """A dataset and a challenger that nobody has judged yet; the settings file."""
    folder.mkdir()
    file = folder / "settings.toml"
    file.write_text(SETTINGS.format(work=folder))
    settings = settings_of(file)
    write_dataset(settings)
    assert main(load_job("train"), ["--ds", NIGHT, "--settings", str(file)]) == 0
    # a measured time is the one thing in which two undisturbed nights differ
    connect(settings).set_model_version_tag(settings.registry.model_name, "1", LATENCY, "1.0")
    return file


def test_killed_around_each_commit(tmp_path: Path, root: Path, spark: "SparkSession") -> None:
    calm = shop_at(tmp_path / "calm")
    shutil.copytree(calm.parent, tmp_path / "killed")
    killed = tmp_path / "killed" / "settings.toml"
    killed.write_text(SETTINGS.format(work=killed.parent))
    run_both(spark, root, calm, killed, NIGHT, KILLS)
    left, right = content(calm), content(killed)
    decided = [
        [(row.word, row.before, row.version, row.why) for row in decisions(lake_of(file))]
        for file in (calm, killed)
    ]
    assert decided[0] == decided[1] and len(decided[0]) == 1
    del left["promotions"], right["promotions"]  # they say when
    assert {table for _, table, _ in KILLS} - {"promotions"} <= set(left)
    assert left == right
    for file in (calm, killed):
        champion = by_alias(connect(settings_of(file)), settings_of(file), "champion")
        assert champion is not None and champion.version == "1"
