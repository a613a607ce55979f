"""Pictures of products on Spark: every reference becomes a row of images or of image_failures."""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from causalrec.errors import QualityError
from causalrec.features.catalogue import latest_pictures
from causalrec.ingest.images import JOB, ingest_images, ingest_images_inputs
from causalrec.lake import Lake, Ledger, Outcome
from causalrec.lake.record.ledger import new_row
from tests.features.shop import products, shop_settings
from tests.pictures.samples import encoded, scene

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


def standing(lake: Lake) -> list[tuple[object, ...]]:
    names = ["arrival_date", "item_id", "delivered_on", "attempt", "retry_on"]
    rows = lake.table("image_failures").read(columns=names).to_pylist()
    return sorted(tuple(row[name] for name in names) for row in rows)


def test_what_may_pass_is_tried_again_by_the_night_that_is_due(tmp_path: Path, spark: "SparkSession") -> None:
    settings, lake = shop_settings(tmp_path, max_failure_share=0.9, retry_days=(1, 2))
    ledger, root = Ledger(lake), Path(settings.image_roots[0])
    night = {number: FIRST + dt.timedelta(days=number) for number in range(5)}
    red = encoded(scene(), "PNG")
    (root / "red.png").write_bytes(red)
    (root / "page.png").write_bytes(b"<html></html>")
    names = {"late": ["late.png", "red.png"], "never": ["never.png"], "page": ["page.png"]}
    products(lake, FIRST, names | {"again": ["again.png"]})

    def run(day: dt.date) -> Outcome:
        return ingest_images(settings, lake, ledger, lambda: spark, day)[day]

    record(ledger, night[0], run(night[0]))
    final = (night[0], "page", night[0], 1, None)
    first = [(night[0], item, night[0], 1, night[1]) for item in ("again", "late", "never")]
    assert standing(lake) == sorted([final, *first])

    products(lake, night[1], {"again": ["red.png"]})  # asks for its own pictures: the old one is dropped
    (root / "late.png").write_bytes(red)
    second = run(night[1])
    record(ledger, night[1], second)
    assert (second.rows_out, second.rejects) == (2, {"image_missing": 1})
    assert second.counters["images_retried"] == 2
    assert standing(lake)[-1] == (night[1], "never", night[0], 2, night[3])
    versions = [lake.table(name).version() for name in ("images", "image_failures")]
    assert not any(written.changed for written in run(night[1]).writes)
    assert ingest_images(settings, lake, ledger, no_spark, night[2])[night[2]].rows_in == 0
    assert [lake.table(name).version() for name in ("images", "image_failures")] == versions

    third = run(night[3])
    assert (third.rows_in, third.rejects) == (1, {"image_missing": 1})
    assert standing(lake)[-1] == (night[3], "never", night[0], 3, None)
    assert ingest_images(settings, lake, ledger, no_spark, night[4])[night[4]].rows_in == 0
    found = latest_pictures(lake, night[4])[["item_id", "position", "image_ref"]].values.tolist()
    assert found == [["again", 0, "red.png"], ["late", 0, "late.png"], ["late", 1, "red.png"]]
    assert latest_pictures(lake, FIRST)["image_ref"].tolist() == ["red.png"]


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
