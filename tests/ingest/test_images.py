"""Pictures of products on Spark: every reference becomes a row of images or of image_failures."""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from causalrec.errors import QualityError
from causalrec.ingest.images import JOB, ingest_images, ingest_images_inputs
from causalrec.lake import Lake, Ledger, Outcome
from causalrec.lake.ledger import new_row
from tests.features.shop import products, shop_settings
from tests.pictures import encoded, scene

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

FIRST, SECOND = dt.date(2026, 3, 1), dt.date(2026, 3, 2)
pytestmark = pytest.mark.spark


def no_spark() -> "SparkSession":
    raise AssertionError("Spark was started for nothing")


def record(ledger: Ledger, ds: dt.date, outcome: Outcome) -> None:
    row = new_row(
        job=JOB,
        ds=ds,
        started_at=dt.datetime.now(dt.UTC),
        seconds=0,
        cpu_seconds=0,
        outcome=outcome,
        failed=False,
        fingerprint="",
        inputs={},
        code_version="",
    )
    ledger.record([row])


def test_good_and_bad_pictures_of_two_dates(tmp_path: Path, spark: "SparkSession") -> None:
    settings, lake = shop_settings(tmp_path, max_failure_share=0.6)
    ledger, root = Ledger(lake), Path(settings.image_roots[0])
    (root / "red.png").write_bytes(encoded(scene(), "PNG"))
    (root / "page.jpg").write_bytes(b"<html></html>")
    (root / "half.png").write_bytes(encoded(scene(), "PNG")[:100])
    products(lake, FIRST, {"a": ["red.png", "page.jpg"], "b": ["half.png"], "c": []})
    products(lake, SECOND, {"a": ["red.png"], "b": ["red.png", "none.png", "../red.png"]})

    found = ingest_images(settings, lake, ledger, lambda: spark, SECOND)

    assert {date: (o.rows_in, o.rows_out, o.rejects) for date, o in found.items()} == {
        FIRST: (3, 1, {"image_corrupt": 1, "image_not_an_image": 1}),
        SECOND: (4, 2, {"image_forbidden": 1, "image_missing": 1}),
    }
    images = (
        lake.table("images").read(columns=["item_id", "position", "image_ref", "arrival_date"]).to_pylist()
    )
    assert sorted((row["arrival_date"], row["item_id"], row["position"]) for row in images) == [
        (FIRST, "a", 0),
        (SECOND, "a", 0),
        (SECOND, "b", 0),
    ]
    failures = lake.table("image_failures").read(columns=["item_id", "position", "reason_code"]).to_pylist()
    assert sorted((row["item_id"], row["position"], row["reason_code"]) for row in failures) == [
        ("a", 1, "image_not_an_image"),
        ("b", 0, "image_corrupt"),
        ("b", 1, "image_missing"),
        ("b", 2, "image_forbidden"),
    ]

    record(ledger, FIRST, found[FIRST])
    again = ingest_images(settings, lake, ledger, lambda: spark, SECOND)
    assert list(again) == [SECOND]
    assert not any(written.changed for written in again[SECOND].writes)


def test_a_delivery_without_usable_pictures_is_refused(tmp_path: Path, spark: "SparkSession") -> None:
    settings, lake = shop_settings(tmp_path)
    products(lake, FIRST, {"a": ["none.png"], "b": ["none.png"]})
    with pytest.raises(QualityError, match="2 of 2"):
        ingest_images(settings, lake, Ledger(lake), lambda: spark, FIRST)
    assert not lake.table("images").exists()
    assert not lake.table("image_failures").exists()


def test_no_products_no_spark(tmp_path: Path) -> None:
    settings, lake = shop_settings(tmp_path)
    found = ingest_images(settings, lake, Ledger(lake), no_spark, FIRST)
    assert found[FIRST].rows_in == 0
    assert ingest_images_inputs(settings, lake, Ledger(lake), FIRST)["products"] == "none"


def test_inputs_follow_the_rules(tmp_path: Path) -> None:
    settings, lake = shop_settings(tmp_path)
    other = shop_settings(tmp_path, min_side=9)[0]
    ledger = Ledger(Lake(settings.lake_root))
    assert ingest_images_inputs(settings, lake, ledger, FIRST) != ingest_images_inputs(
        other, lake, ledger, FIRST
    )
