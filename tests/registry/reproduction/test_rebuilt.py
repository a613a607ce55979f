"""Reproduction where the training data is gone: it is made anew from the pinned versions of the tables."""

import datetime as dt
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from causalrec.config import Settings
from causalrec.dataset.build import build_dataset
from causalrec.dataset.load import load_dataset
from causalrec.errors import PinError, RegistryError
from causalrec.lake import Ledger
from causalrec.registry.reproduction.reproduce import reproduce
from causalrec.registry.train import train_and_log
from tests.dataset.shop import event, lake_at, product, put

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark
DAY = dt.date(2026, 3, 1)


def test_rebuilt_from_pins_after_the_tables_moved_on(spark: "SparkSession", tmp_path: Path) -> None:
    settings = Settings.model_validate({"paths": {"work": tmp_path}, "model": {"name": "popularity"}})
    lake = lake_at(settings)
    put(lake, "products", "2026-03-01", [product(name) for name in "abc"])
    rows = [event(f"e{n}", "2026-03-01T08:00", f"u{n // 3}", "abc"[n % 3]) for n in range(30)]
    put(lake, "events", "2026-03-01", rows)
    build_dataset(settings, lake, Ledger(lake), spark, DAY)
    dataset = load_dataset(settings, lake, DAY)
    train_and_log(settings, lake, Ledger(lake), DAY)

    put(lake, "events", "2026-03-01", rows[:12])  # the same date, delivered again with less
    shutil.rmtree(dataset.folder)
    other = settings.model_copy(
        update={"dataset": settings.dataset.model_copy(update={"seed": 99, "valid_share": 0.3})}
    )
    before = {name: lake.table(name).version() for name in ("events", "interactions", "datasets")}
    found = reproduce(other, lake, "1", lambda: spark)
    assert found.verdict == "exact"
    assert found.data == f"{dataset.dataset_id}, rebuilt from 2 pinned tables"
    assert {name: lake.table(name).version() for name in before} == before
    assert not dataset.folder.exists()

    fresh = lake_at(settings.model_copy(update={"paths": settings.paths.model_copy(update={"lake": "new"})}))
    put(fresh, "products", "2026-03-01", [product(name) for name in "abc"])
    put(fresh, "events", "2026-03-01", rows[:12])
    with pytest.raises(RegistryError, match=r"trained on .*train\.npy.* differ"):
        reproduce(settings, fresh, "1", lambda: spark)
    with pytest.raises(PinError):
        reproduce(settings, lake_at(settings.model_copy(
            update={"paths": settings.paths.model_copy(update={"lake": "empty"})}
        )), "1", lambda: spark)  # fmt: skip
