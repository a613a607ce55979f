"""A small demo shop from nothing to published recommendations, through Airflow itself."""

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from jobs import cli
from tests.end_to_end.shops import ShopUnderTest, make_shop

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = [pytest.mark.airflow, pytest.mark.slow, pytest.mark.spark, pytest.mark.timeout(1500)]

DS, NEXT = "2026-02-13", "2026-02-14"
USERS, ITEMS, K = 200, 100, 10
TOML = f"""
shop = "small"
[paths]
work = "{{work}}"
[source]
kind = "demo"
users = {USERS}
items = {ITEMS}
days = 17
first_day = 2026-01-29
[scoring]
k = {K}
[gate]
auto_approve = "first"
refuters = []
"""


@pytest.fixture(scope="module")
def shop(root: Path, tmp_path_factory: pytest.TempPathFactory, spark: "SparkSession") -> ShopUnderTest:
    """The shop after its first night."""
    made = make_shop(root, tmp_path_factory.mktemp("demo"), TOML)
    made.command("nightly", "--ds", DS, session=spark)
    return made


def _planted(shop: ShopUnderTest) -> dict[str, Counter[str]]:
    """Rejects per table and reason, over the deliveries that had arrived by DS."""
    file = next(Path(shop.settings.paths.work).rglob("planted.json"))
    sums: dict[str, Counter[str]] = {}
    for arrival, tables in json.loads(file.read_text()).items():
        if arrival <= DS:
            for table, reasons in tables.items():
                sums.setdefault(table, Counter()).update(reasons)
    return sums


def test_rejected_rows_are_the_planted_ones_per_reason(shop: ShopUnderTest) -> None:
    planted = _planted(shop)
    for table in ("events", "products"):
        found = Counter(row["reason_code"] for row in shop.rows("quarantine", table_name=table))
        assert found == planted[table]
    failures = Counter(row["reason_code"] for row in shop.rows("image_failures"))
    assert failures == planted["image_failures"]


def test_no_delivered_row_is_lost(shop: ShopUnderTest) -> None:
    file = next(Path(shop.settings.paths.work).rglob("deliveries.json"))
    delivered = {day: counts for day, counts in json.loads(file.read_text()).items() if day <= DS}
    for table in ("events", "products"):
        kept = shop.table(table).num_rows + shop.table("quarantine", table_name=table).num_rows
        assert kept == sum(counts[table]["lines"] for counts in delivered.values())


def test_nothing_from_after_the_run_date_was_read(shop: ShopUnderTest) -> None:
    assert max(str(row["arrival_date"]) for row in shop.rows("events")) == DS


def test_every_user_has_exactly_k_ranked_items(shop: ShopUnderTest) -> None:
    users = {row["user_id"] for row in shop.rows("interactions", ds=DS)}
    served: dict[str, list[int]] = {}
    for row in shop.rows("recommendations", ds=DS):
        served.setdefault(row["user_id"], []).append(row["rank"])
    assert served.keys() >= users
    assert {tuple(sorted(ranks)) for ranks in served.values()} == {tuple(range(1, K + 1))}


def test_no_seen_item_is_recommended(shop: ShopUnderTest) -> None:
    seen = {(row["user_id"], row["item_id"]) for row in shop.rows("interactions", ds=DS)}
    assert seen
    assert [r for r in shop.rows("recommendations", ds=DS) if (r["user_id"], r["item_id"]) in seen] == []


def test_no_item_is_recommended_twice_and_every_row_has_a_reason(shop: ShopUnderTest) -> None:
    rows = shop.rows("recommendations", ds=DS)
    assert max(Counter((row["user_id"], row["item_id"]) for row in rows).values()) == 1
    assert all(row["reason_code"] and row["reason_text"] for row in rows)


def test_the_manifest_counts_the_interactions_without_uniform_exposure(shop: ShopUnderTest) -> None:
    (manifest,) = shop.rows("datasets", ds=DS)
    events = [row for row in shop.rows("events") if str(row["arrival_date"]) <= DS]
    uniform = {(row["user_id"], row["item_id"]) for row in events if row["policy"] == "uniform"}
    used = [
        row["split"]
        for row in shop.rows("interactions", ds=DS)
        if row["split"] != "train" or (row["user_id"], row["item_id"]) not in uniform
    ]
    assert {name: manifest[f"n_{name}"] for name in ("train", "valid", "test")} == Counter(used)


def test_the_first_night_promoted_the_model_that_it_serves(shop: ShopUnderTest) -> None:
    promoted = [row for row in shop.rows("promotions") if row["alias"] == "champion"]
    assert len(promoted) == 1
    assert {row["model_version"] for row in shop.rows("recommendations", ds=DS)} == {
        promoted[0]["to_version"]
    }


def test_a_second_run_changes_nothing(shop: ShopUnderTest) -> None:
    versions, contents, ledger = shop.versions(), shop.contents(), shop.succeeded()
    assert f"night of {DS}" in shop.command("nightly", "--ds", DS)
    assert shop.versions() == versions
    assert shop.contents() == contents
    assert shop.succeeded() == ledger


def test_a_backfill_runs_only_what_is_missing_and_then_nothing(
    shop: ShopUnderTest, spark: "SparkSession"
) -> None:
    before = shop.contents()
    first = shop.command("backfill", "--from", DS, "--to", NEXT, session=spark)
    assert "1 of 2 dates to run" in first
    after = shop.contents()
    for table in ("interactions", "recommendations", "datasets"):
        assert before[table] <= after[table]
        assert {str(row["ds"]) for row in shop.rows(table)} == {DS, NEXT}
    assert {str(row["ds"]) for row in shop.rows("evaluations")} == {DS}  # with a champion nothing is trained
    versions = shop.versions()
    second = shop.command("backfill", "--from", DS, "--to", NEXT)
    assert "nothing to do: every date is up to date" in second
    assert shop.versions() == versions


def test_a_person_can_look_at_the_lists(shop: ShopUnderTest, capsys: pytest.CaptureFixture[str]) -> None:
    row = shop.rows("recommendations", ds=DS)[0]
    plain = next(row for row in shop.rows("recommendations", ds=DS) if not row["fallback"])
    where = ["--settings", str(shop.file)]
    assert cli.main(["show", row["user_id"], "--ds", DS, *where]) == 0
    assert row["user_id"] in capsys.readouterr().out
    assert cli.main(["diff", DS, NEXT, *where]) == 0
    assert "users served" in capsys.readouterr().out
    assert cli.main(["explain", plain["user_id"], plain["item_id"], *where]) == 0
    explained = capsys.readouterr().out
    for line in ("score by the raw model", "content effect"):
        assert line in explained


def test_every_item_has_similar_ones_and_every_category_its_popular_ones(shop: ShopUnderTest) -> None:
    similar, popular = shop.rows("similar_items", ds=DS), shop.rows("popular_items", ds=DS)
    assert {row["model_version"] for row in similar} == {"1"}
    assert not [row for row in similar if row["item_id"] == row["similar_item_id"]]
    categories = {row["category"] for row in popular}
    assert "" in categories
    assert len(categories) > 1
