"""What readers see while a publication is killed, refused or repeated; on lists written by hand."""

import datetime as dt
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from causalrec.config import Settings
from causalrec.errors import ScoringError
from causalrec.lake import Lake, Ledger
from causalrec.scoring.publish import publish
from tests.registry.shop import DS, ITEMS, USERS, replace_partition, settings_in, write_dataset

pytestmark = pytest.mark.spark
NEXT = DS + dt.timedelta(days=1)

KILLED_PUBLISHER = """
import datetime as dt, os, signal, sys
from pathlib import Path
from causalrec.config.spark import SparkSettings
from causalrec.lake import Lake, Ledger, write
from causalrec.lake.session import spark_session
from causalrec.scoring.publish import publish
from tests.jvm import LIGHT
from tests.registry.shop import settings_in
settings = settings_in(Path(sys.argv[1]))
lake = Lake(settings.lake_root)
write.commit_replacement = lambda *args: os.kill(os.getpid(), signal.SIGKILL)
small = SparkSettings(master="local[1]", shuffle_partitions=1, java_options=LIGHT)
with spark_session(small, "killed") as spark:
    publish(settings, lake, Ledger(lake), spark, dt.date.fromisoformat(sys.argv[2]))
"""


@dataclass(frozen=True)
class Shop:
    work: Path
    settings: Settings
    lake: Lake

    def offer(self, ds: dt.date, skip: int = 0) -> None:
        """Candidates of ``ds``: the five first items that a user does not have, after ``skip`` of them."""
        seen = self.lake.table("interactions").read(where={"ds": [ds.isoformat()]}).to_pylist()
        pairs = {(row["user_id"], row["item_id"]) for row in seen}
        rows: list[dict[str, object]] = []
        for user in (f"u{row:03d}" for row in range(USERS + 2)):
            free = [item for row in range(ITEMS) if (user, item := f"i{row:03d}") not in pairs]
            rows += [
                {
                    "user_id": user, "rank": rank, "item_id": item, "score": 1.0 / rank,
                    "reason_code": "popular", "reason_text": "popular", "policy": "causalrec",
                    "propensity": 1.0, "model_version": "1", "dataset_id": "d",
                }
                for rank, item in enumerate(free[skip : skip + 5], start=1)
            ]  # fmt: skip
        replace_partition(self.lake, "recommendation_candidates", ds, rows)

    def items(self, ds: dt.date, table: str = "recommendations") -> list[tuple[str, int, str]]:
        """What a reader sees."""
        rows = self.lake.table(table).read(where={"ds": [ds.isoformat()]}).to_pylist()
        return sorted((row["user_id"], row["rank"], row["item_id"]) for row in rows)

    def publish(self, spark: SparkSession, ds: dt.date, **scoring: object) -> dict[str, float]:
        """Under changed settings; the counters."""
        settings = self.settings.model_copy(
            update={"scoring": self.settings.scoring.model_copy(update=scoring)}
        )
        return dict(publish(settings, self.lake, Ledger(self.lake), spark, ds).counters)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    work = tmp_path_factory.mktemp("published")
    settings = settings_in(work)
    for ds in (DS, NEXT):
        write_dataset(settings, ds=ds)
    return Shop(work, settings, Lake(settings.lake_root))


def test_a_killed_publication_leaves_what_was_there_and_the_next_one_converges(
    shop: Shop, spark: SparkSession, root: Path
) -> None:
    shop.offer(DS)
    shop.publish(spark, DS)
    old, version = shop.items(DS), shop.lake.table("recommendations").version()
    shop.offer(DS, skip=1)
    command = [sys.executable, "-c", KILLED_PUBLISHER, str(shop.work), DS.isoformat()]
    ended = subprocess.run(command, cwd=root, env={**os.environ, "PYTHONPATH": str(root)}, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert (shop.items(DS), shop.lake.table("recommendations").version()) == (old, version)
    shop.publish(spark, DS)
    assert shop.items(DS) == shop.items(DS, "recommendation_candidates") != old
    assert shop.lake.table("recommendations").version() == version + 1


def test_lists_that_changed_too_much_or_too_little_are_not_published(shop: Shop, spark: SparkSession) -> None:
    shop.offer(DS)
    shop.publish(spark, DS)
    shop.offer(NEXT, skip=3)  # two of five rows stay
    with pytest.raises(ScoringError, match=r"rows kept .* between 0\.5 and 1, found 0\.400"):
        shop.publish(spark, NEXT, min_overlap=0.5)
    assert shop.items(NEXT) == []
    with pytest.raises(ScoringError, match=r"found 0\.400"):
        shop.publish(spark, NEXT, max_overlap=0.3)
    assert shop.publish(spark, NEXT)["overlap_with_last_night"] == 0.4
    shop.offer(NEXT, skip=5)
    with pytest.raises(ScoringError, match=r"found 0\.000"):
        shop.publish(spark, NEXT)  # nothing in common is never a normal night
    assert shop.publish(spark, NEXT, overlap_users=USERS + 3)["overlap_with_last_night"] == 0


def test_rebuyable_items_may_stand_beside_what_a_user_has(shop: Shop, spark: SparkSession) -> None:
    write_dataset(shop.settings, ds=DS, changes={"category": dict.fromkeys(range(ITEMS), "Food > Tea")})
    shop.offer(DS)
    rows = shop.lake.table("recommendation_candidates").read(where={"ds": [DS.isoformat()]}).to_pylist()
    seen = shop.lake.table("interactions").read(where={"ds": [DS.isoformat()]}).to_pylist()
    bought = next(row["item_id"] for row in seen if row["user_id"] == "u002")
    changed = [
        {name: value for name, value in row.items() if name != "ds"}
        | ({"item_id": bought} if (row["user_id"], row["rank"]) == ("u002", 1) else {})
        for row in rows
    ]
    replace_partition(shop.lake, "recommendation_candidates", DS, changed)
    with pytest.raises(ScoringError, match="no seen item"):
        shop.publish(spark, DS)
    shop.publish(spark, DS, rebuyable_categories=("food",))
