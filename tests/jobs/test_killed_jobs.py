"""kill -9 of real jobs between their tables; the run after it ends like an undisturbed one."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from tests.dataset.shop import product, put
from tests.jobs.killing import content, lake_of, run_both, settings_of

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.spark

DS = "2026-03-02"
KILLS = [
    ("ingest_events", "quarantine", "before"),  # the files are there, no version names them
    ("ingest_events", "quarantine", "after"),  # between its two tables
    ("ingest_events", "events", "after"),  # the tables are there, the ledger knows nothing of them
    ("ingest_images", "image_failures", "after"),
    ("build_dataset", "interactions", "after"),
    ("build_dataset", "looks", "after"),
    ("build_dataset", "datasets", "before"),  # the bundle is there, its row is not
]
"""Job, table, and whether its process dies before or after the commit of that table."""


def shop_at(folder: Path) -> Path:
    """A landing zone of one day, the catalogue in the lake; the settings file."""
    landing = folder / "landing" / "events" / f"arrival_date={DS}"
    landing.mkdir(parents=True)
    kinds = ("purchase", "cart", "impression")
    rows: list[dict[str, object]] = [
        {
            "event_id": f"e{n}",
            "event_time": f"{DS}T{n % 24:02d}:00:00Z",
            "user_id": f"u{n % 7}",
            "item_id": f"i{n % 5}",
            "event_type": kinds[n % 3],
        }
        for n in range(60)
    ]
    rows += [{**rows[0]}, {**rows[1], "event_id": "dear", "price": -1}]
    (landing / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    pictures = folder / "landing" / "images"
    pictures.mkdir()
    Image.new("RGB", (16, 16), "red").save(pictures / "0.png")
    file = folder / "settings.toml"
    file.write_text(f'[paths]\nwork = "{folder}"\n')
    refs = [{"image_refs": ["0.png"]}, {"image_refs": ["gone.png"]}, {}, {}, {}]
    put(lake_of(file), "products", DS, [product(f"i{n}", **more) for n, more in enumerate(refs)])
    return file


def test_killed_between_tables(tmp_path: Path, root: Path, spark: "SparkSession") -> None:
    calm, killed = shop_at(tmp_path / "calm"), shop_at(tmp_path / "killed")
    run_both(spark, root, calm, killed, DS, KILLS)
    found = content(killed)
    assert {table for _, table, _ in KILLS} | {"images"} <= set(found)
    assert found == content(calm)
    assert all(notes == 0 for _, _, _, notes in found.values())
    bundles = [sorted(f.name for f in settings_of(f).bundle_root.iterdir()) for f in (calm, killed)]
    assert bundles[0] == bundles[1]
