"""The stage on a real lake: the tables that were asked for, the same again, and nothing where none are."""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Never

import pytest

from causalrec.config import Settings
from causalrec.dataset.build import build_dataset
from causalrec.dataset.load import load_dataset
from causalrec.lake import Lake, Ledger
from causalrec.registry.store import connect
from causalrec.registry.train import train_and_log
from causalrec.scoring.behaviour.audience_rows import audience_rows
from causalrec.scoring.behaviour.stage import behaviour_inputs, behaviour_lists
from tests.dataset.shop import event, lake_at, product, put, settings_at
from tests.registry import shop as trained

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

DS = dt.date(2026, 3, 2)
ASKED = ("recent_items", "buy_again", "trending_items", "complements", "substitutes", "cart_lists")
EVENTS = [
    event("e1", "2026-03-01T10:00", "u", "a", "purchase", session_id="s"),
    event("e2", "2026-03-01T10:05", "u", "b", "view", session_id="s"),
    event("e3", "2026-03-02T10:00", "u", "a", "purchase", session_id="t"),
    event("e4", "2026-03-02T10:01", "v", "gone", "cart", session_id="w"),  # blocked by the shop
]


def asking(settings: Settings, **lists: object) -> Settings:
    return Settings.model_validate({**settings.model_dump(), "lists": lists})


def no_spark() -> Never:
    raise AssertionError("Spark was started")


def test_without_a_wish_nothing_is_made_and_spark_stays_off(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    lake = Lake(settings.lake_root)
    assert behaviour_inputs(settings, lake, DS)["dataset"] == ""
    outcome = behaviour_lists(settings, lake, no_spark, DS)
    assert (outcome.writes, outcome.rows_out) == ((), 0)
    assert "lists.tables" in outcome.note


@pytest.mark.spark
def test_the_tables_that_were_asked_for_and_the_same_again(tmp_path: Path, spark: "SparkSession") -> None:
    base = settings_at(tmp_path).model_dump() | {"scoring": {"blocked_items": ["gone"]}}
    settings = asking(Settings.model_validate(base), tables=ASKED)
    lake = lake_at(settings)
    put(lake, "products", "2026-03-01", [product("a"), product("b"), product("gone")])
    put(lake, "events", "2026-03-02", EVENTS)
    build_dataset(settings, lake, Ledger(lake), spark, DS)
    put(
        lake, "events", "2026-03-03", [event("e5", "2026-03-02T12:00", "u", "b", "purchase")]
    )  # not known yet
    outcome = behaviour_lists(settings, lake, lambda: spark, DS)
    assert [one.table for one in outcome.writes] == list(ASKED)
    recent = lake.table("recent_items").read(where={"ds": [DS.isoformat()]}).sort_by("rank").to_pylist()
    assert [(r["user_id"], r["item_id"], r["deepest"]) for r in recent] == [
        ("u", "a", "purchase"), ("u", "b", "view"),
    ]  # fmt: skip
    again = lake.table("buy_again").read(where={"ds": [DS.isoformat()]}).to_pylist()
    assert [(r["user_id"], r["item_id"], r["purchases"]) for r in again] == [("u", "a", 2)]
    carts = lake.table("cart_lists").read(where={"ds": [DS.isoformat()]}).sort_by("rank").to_pylist()
    assert [(r["user_id"], r["item_id"], r["because_item_id"]) for r in carts] == [
        ("v", "a", ""), ("v", "b", ""),
    ]  # fmt: skip
    assert "complements: nothing to list" in outcome.note.splitlines()
    assert {row["dataset_id"] for row in recent} == {load_dataset(settings, lake, DS).dataset_id}
    assert not any(one.changed for one in behaviour_lists(settings, lake, lambda: spark, DS).writes)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["lightgcn", "ease"])
def test_audiences_of_a_champion(name: str, tmp_path: Path) -> None:
    shop = trained.settings_in(tmp_path, name)
    trained.write_dataset(shop)
    lake = Lake(shop.lake_root)
    train_and_log(shop, lake, Ledger(lake), trained.DS)
    connect(shop).set_registered_model_alias(shop.registry.model_name, "champion", "1")
    wishes = {"audience_items": ["i001", "nobody", "i002"], "audience_size": 4, "audience_per_user": 1}
    dataset = load_dataset(shop, lake, trained.DS)
    found = audience_rows(asking(shop, **wishes), lake, dataset, trained.DS)
    rows = found.rows.to_pylist()
    if name == "ease":
        assert (rows, found.notes) == ([], ("champion version 1 has no states: no audiences",))
        return
    assert found.notes == ("no audience for nobody: unknown to the model, or blocked",)
    assert [(row["item_id"], row["rank"]) for row in rows] == [
        (item, rank) for item in ("i001", "i002") for rank in range(1, 5)
    ]
    assert len({row["user_id"] for row in rows}) == len(rows)
    assert {row["model_version"] for row in rows} == {"1"}
    has = {(dataset.user_ids[user], dataset.item_ids[item]) for user, item in dataset.seen.T}
    assert not has & {(row["user_id"], row["item_id"]) for row in rows}
