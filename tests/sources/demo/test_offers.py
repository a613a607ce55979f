"""What the demo shop says about selling its items: enough to try every rule of merchandising."""

import gzip
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from causalrec.config import Settings
from causalrec.config.paths import PathSettings
from causalrec.config.source import SourceSettings
from causalrec.ranking.merchandise.filters import Filter
from causalrec.sources.demo.adapter import land_demo
from causalrec.sources.demo.catalogue import price_table
from causalrec.sources.demo.names import user_ids
from causalrec.sources.demo.offers import MARGINS, SELLERS, offers_of, stock_on, tags_of
from causalrec.sources.demo.world import build_world
from causalrec.sources.landing import arrival_dates, delivery_files
from causalrec.sources.progress import silent

WORLD = build_world(SourceSettings(users=20, items=400, days=10))


def delivered(shop: Settings) -> pd.DataFrame:
    """All readable rows of the catalogue that have an item and a price."""
    rows = []
    for day in arrival_dates(shop.landing_root, "products"):
        for name in delivery_files(shop.landing_root, "products", day):
            lines = [line for line in Path(name).read_text().splitlines() if line.endswith("}")]
            rows += [json.loads(line) for line in lines]
    return pd.DataFrame(rows)


def test_margin_is_a_share_of_the_price_and_a_seller_stays(shop: Settings) -> None:
    rows = delivered(shop)
    shares = rows["margin"] / rows["price"]
    assert shares.between(MARGINS[0] - 0.01, MARGINS[1] + 0.01).all()
    assert (rows.groupby("item_id")["seller"].nunique() == 1).all()
    assert (rows["stock"] >= 0).all()
    repriced = rows.groupby("item_id").filter(lambda one: one["price"].nunique() > 1)
    assert repriced.groupby("item_id")["margin"].nunique().gt(1).all()


def test_tags_are_true_of_the_item() -> None:
    offers, prices, day = offers_of(WORLD), price_table(WORLD), 9
    stock = stock_on(WORLD, offers, day)
    tags = [set(tags_of(WORLD, offers, prices, stock, day, item)) for item in range(400)]
    for item, mine in enumerate(tags):
        assert ("sale" in mine) == (prices[day, item] < 0.95 * prices[0, item])
        assert ("last pieces" in mine) == (0 < stock[item] <= 3)
        assert ("new" in mine) == (WORLD.items.launch_day[item] > 0)
    counts = {tag: sum(tag in mine for mine in tags) for tag in set.union(*tags)}
    assert set(counts) == {"gift", "sale", "new", "last pieces"}
    assert min(counts.values()) >= 5
    assert (stock_on(WORLD, offers, 8) != stock).any()
    sold = np.bincount(offers.seller, minlength=len(SELLERS)) / 400
    assert sold == pytest.approx([0.5, 0.25, 0.15, 0.1], abs=0.08)


@pytest.mark.parametrize(
    "rule",
    [
        {"sellers": ["fern & fox"]},
        {"tags": ["gift"]},
        {"min_margin": 15},
        {"max_stock": 3},
        {"min_stock": 10, "max_price": 60},
    ],
)
def test_every_condition_means_some_of_the_items(shop: Settings, rule: dict[str, object]) -> None:
    items = delivered(shop).drop_duplicates("item_id").reset_index(drop=True)
    fits = Filter.model_validate(rule).fits(items)
    assert 0 < fits.sum() < len(items)


def test_two_markets_change_nothing_else(shop: Settings, tmp_path: Path) -> None:
    source = shop.source.model_copy(update={"demo": shop.source.demo.model_copy(update={"markets": True})})
    both = Settings(paths=PathSettings(work=tmp_path), source=source)
    land_demo(both, silent, None)
    rows, plain = delivered(both), delivered(shop)
    pd.testing.assert_frame_equal(rows[plain.columns], plain)
    told = rows["offers"].map(lambda one: " ".join(one) if isinstance(one, list) else "")
    home, abroad = told.str.contains("DE"), told.str.contains("AT:")
    assert (abroad <= home).all()
    assert 0 < abroad.sum() < home.sum() < len(rows)
    assert rows["titles"].str[0].str.startswith("de:").all()
    known, markets = set(user_ids(range(60)).to_pylist()), dict[str, set[str]]()
    for day in arrival_dates(both.landing_root, "events"):
        for name in delivery_files(both.landing_root, "events", day):
            for line in gzip.decompress(Path(name).read_bytes()).decode().splitlines():
                if line.endswith("}") and (event := json.loads(line)).get("user_id") in known:
                    markets.setdefault(event["user_id"], set()).add(event["market"])
    assert all(len(mine) == 1 for mine in markets.values())
    share = sum(mine == {"AT"} for mine in markets.values()) / len(markets)
    assert 0.15 < share < 0.45
