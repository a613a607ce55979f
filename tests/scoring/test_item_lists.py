"""Similar and popular items: exact small answers, and the job on a registered model."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from causalrec.config import Settings
from causalrec.dataset.load import load_dataset
from causalrec.dataset.ties import numbered, tie_breakers
from causalrec.lake import Lake, Ledger
from causalrec.model.blocks import unit_rows
from causalrec.pipeline import VECTORS
from causalrec.registry.store import connect
from causalrec.registry.train import train_and_log
from causalrec.registry.versions import need, opened
from causalrec.scoring.item_lists import item_lists
from causalrec.scoring.item_neighbours import item_neighbours
from causalrec.scoring.night import Night
from causalrec.scoring.popular import popular_lists, sold_lists
from causalrec.scoring.sampled import sampled
from causalrec.scoring.tonight import tonight
from tests.registry.shop import DS, ITEMS, USERS, settings_in, write_dataset

WHERE = {"ds": [DS.isoformat()]}


def neighbours(states: np.ndarray, k: int, block_mib: int = 64) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for top in item_neighbours(states.astype(np.float32), numbered(len(states)), k, block_mib):
        for row, column in zip(top.rows.tolist(), top.columns.tolist(), strict=True):
            found.setdefault(row, []).append(column)
    return found


def test_the_nearest_by_direction_and_never_itself() -> None:
    states = np.array([[1.0, 0.0], [5.0, 1.0], [0.0, 1.0], [0.0, 0.0], [-1.0, 0.0]])
    assert neighbours(states, 2) == {0: [1, 2], 1: [0, 2], 2: [1, 0], 4: [2, 1]}


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 30))
def test_equals_brute_force_in_blocks_of_any_size(seed: int, k: int) -> None:
    states = np.random.default_rng(seed).normal(size=(23, 3)).astype(np.float32)
    units = unit_rows(states).astype(np.float64)  # of the code: the rounding of its float32 rows makes ties
    cosines = (units[:, None] * units).sum(axis=2).astype(np.float32)
    np.fill_diagonal(cosines, -np.inf)
    chance = tie_breakers(numbered(23)[:, None], numbered(23))
    wanted = {row: np.lexsort((chance[row], -cosines[row]))[: min(k, 22)].tolist() for row in range(23)}
    assert neighbours(states, k) == wanted


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 9))
def test_an_item_has_a_full_list_in_every_market_that_sells_it(seed: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    states = rng.normal(size=(19, 3)).astype(np.float32)
    sold = rng.random((3, 19)) < 0.5
    whole, wanted = neighbours(states, 18), {}
    for row, near in whole.items():
        markets = np.flatnonzero(sold[:, row])
        mine = {item for one in markets for item in [other for other in near if sold[one, other]][:k]}
        wanted[row] = [item for item in near if item in mine]
    found: dict[int, list[int]] = {}
    for top in item_neighbours(states, numbered(19), k, 64, sold):
        assert top.ranks.tolist() == [
            place for row in np.unique(top.rows) for place in range(1, 1 + (top.rows == row).sum())
        ]
        for row, column in zip(top.rows.tolist(), top.columns.tolist(), strict=True):
            found.setdefault(row, []).append(column)
    assert found == {row: near for row, near in wanted.items() if near}
    everywhere = list(item_neighbours(states, numbered(19), k, 64, np.ones((2, 19), dtype=bool)))
    assert [list(zip(top.rows, top.columns, strict=True)) for top in everywhere] == [
        list(zip(top.rows, top.columns, strict=True)) for top in item_neighbours(states, numbered(19), k, 64)
    ]


def test_a_small_block_gives_the_same_lists() -> None:
    states = np.random.default_rng(0).normal(size=(3_000, 4)).astype(np.float32)
    assert len(list(item_neighbours(states, numbered(3_000), 5, 1))) > 1
    assert neighbours(states, 5, 1) == neighbours(states, 5, 512)


def test_memory_bounds_the_rows_of_a_block() -> None:
    """Three copies of four bytes for each of 300 columns: 291 rows fit into one MiB."""
    states = np.random.default_rng(1).normal(size=(300, 2)).astype(np.float32)
    found = list(item_neighbours(states, np.arange(300, dtype=np.uint64), 1, 1))
    assert [(int(top.rows.min()), int(top.rows.max())) for top in found] == [(0, 290), (291, 299)]


def test_popular_per_category_and_over_all_with_ties_by_chance() -> None:
    items = pd.DataFrame(
        {
            "item_id": ["d", "c", "b", "a", "e"],
            "category": ["shoes", "shoes", None, "hats", "hats"],
            "users": [3, 3, 9, 1, 0],
        }
    )
    lists = popular_lists(items, 2)
    assert lists.values.tolist() == [
        ["", 1, "b", 9], ["", 2, "d", 3], ["hats", 1, "a", 1], ["shoes", 1, "c", 3], ["shoes", 2, "d", 3],
    ]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", ["lightgcn", "ease"])
def test_the_job_writes_all_tables_and_the_same_again(
    name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    shop = settings_in(tmp_path_factory.mktemp(name), name)
    shop = shop.model_copy(update={"export": shop.export.model_copy(update={"vectors": True})})
    dataset_id = write_dataset(shop, changes={"category": {0: "hats", 1: "hats"}})
    lake = Lake(shop.lake_root)
    ledger = Ledger(lake)
    train_and_log(shop, lake, ledger, DS)
    connect(shop).set_registered_model_alias(shop.registry.model_name, "champion", "1")
    outcome = item_lists(shop, lake, ledger, DS)
    similar = lake.table("similar_items").read(where=WHERE).to_pandas()
    popular = lake.table("popular_items").read(where=WHERE).to_pandas()
    items, users = (lake.table(table).read(where=WHERE).to_pandas() for table in VECTORS)
    assert outcome.rows_out == len(similar) + len(popular) + len(items) + len(users)
    assert set(popular["category"]) == {"", "hats"}
    assert set(popular["dataset_id"]) == {dataset_id}
    if name == "ease":
        assert similar.empty
        assert (len(items), len(users)) == (0, 0)
        assert "no item states" in outcome.note
    else:
        assert similar.groupby("item_id").size().eq(shop.scoring.similar_items).all()
        assert similar["item_id"].nunique() == outcome.counters["items_with_neighbours"] == ITEMS
        assert (similar["item_id"] != similar["similar_item_id"]).all()
        assert_vectors_order_as_the_lists_do(shop, lake, items, users)
    assert not any(written.changed for written in item_lists(shop, lake, ledger, DS).writes)


def assert_vectors_order_as_the_lists_do(
    shop: Settings, lake: Lake, items: pd.DataFrame, users: pd.DataFrame
) -> None:
    """The products of the stored vectors, without what a user has, are the scores of the lists."""
    dataset = load_dataset(shop, lake, DS)
    assert set(items["dim"]) == set(users["dim"]) == {9}
    assert set(items["ordered_by"]) == {"dot"}
    assert users["fallback"].value_counts(dropna=False).to_dict() == {None: USERS}
    assert np.stack(users["vector"].tolist())[:, -1].tolist() == [1.0] * USERS
    with opened(need(connect(shop), shop, "champion")) as package:
        plain = shop.scoring.model_copy(update={"new_item_share": 0.0})
        night = Night(package, dataset, lake, DS)
        catalogue = tonight(night, plain)
        top = sampled(night).lists(package, plain, catalogue)
        every = sampled(night).users
    products = np.stack(users["vector"].tolist()) @ np.stack(items["vector"].tolist()).T
    held = pd.DataFrame(
        {"user": dataset.user_ids[dataset.seen[0]], "item": dataset.item_ids[dataset.seen[1]]}
    )
    for row, user in enumerate(users["user_id"]):
        mine = every[top.rows] == user
        may = ~items["item_id"].isin(held["item"][held["user"] == user]).to_numpy()
        best = np.sort(products[row][may])[::-1][: shop.scoring.k]
        assert top.scores[mine] == pytest.approx(best, abs=1e-5)
        named = items["item_id"].isin(catalogue.item_ids[top.columns[mine]]).to_numpy()
        assert np.sort(products[row][named])[::-1] == pytest.approx(best, abs=1e-5)


def test_popular_lists_are_deep_enough_for_every_market() -> None:
    items = pd.DataFrame({"item_id": ["a", "b", "c", "d"], "category": None, "users": [9, 8, 7, 6]})
    sold = {"AT": np.array([False, False, True, True]), "DE": np.array([True, True, True, False])}
    found = sold_lists(items, 2, sold)
    rows = found[["rank", "item_id", "markets"]].to_numpy(dtype=object).tolist()
    assert rows == [[1, "a", "DE"], [2, "b", "DE"], [3, "c", None], [4, "d", "AT"]]
    assert sold_lists(items, 1, sold)["item_id"].tolist() == ["a", "c"]
