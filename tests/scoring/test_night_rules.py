"""Rules that look at a whole night or at the product feed, in a small shop with a real model."""

import datetime as dt
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from causalrec.config.scoring import ScoringSettings
from causalrec.dataset.load import Dataset, load_dataset
from causalrec.errors import SettingsError
from causalrec.lake import Lake
from causalrec.ranking.catalogue import Catalogue
from causalrec.ranking.merchandise.rules_file import read_merchandise
from causalrec.registry.package import ModelPackage, open_package, write_package
from causalrec.scoring import night_caps
from causalrec.scoring.cap_shares import cap_shares
from causalrec.scoring.night import Night
from causalrec.scoring.night_caps import balanced_tonight
from causalrec.scoring.objective import objective_cost
from causalrec.scoring.offered import offers_input
from causalrec.scoring.sampled import sampled
from causalrec.training.factory import build_recommender
from tests.registry.shop import DS, ITEMS, settings_in, write_dataset

NORD = range(ITEMS // 2)


@dataclass(frozen=True)
class Shop:
    lake: Lake
    dataset: Dataset
    package: ModelPackage
    scoring: ScoringSettings
    work: Path

    @property
    def night(self) -> Night:
        return Night(self.package, self.dataset, self.lake, DS)

    def under(self, rules: str) -> ScoringSettings:
        file = self.work / "rules.toml"
        file.write_text(rules)
        return self.scoring.model_copy(update={"merchandise": str(file)})

    def tonight(self, rules: str) -> Catalogue:
        return balanced_tonight(self.night, self.under(rules))

    def share(self, rules: str) -> float:
        """Of all places, those of Nord's items."""
        found = sampled(self.night).lists(self.package, self.under(rules), self.tonight(rules))
        return float((found.columns < len(NORD)).mean())


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    work = tmp_path_factory.mktemp("shop")
    settings = settings_in(work, "lightgcn")
    write_dataset(settings, changes={"brand": dict.fromkeys(NORD, "Nord") | {30: "Sol"}})
    lake = Lake(settings.lake_root)
    dataset = load_dataset(settings, lake, DS)
    model = build_recommender(settings, work / "checkpoints")
    model.fit(dataset.data)
    write_package(work / "package", model, dataset, {"dataset_id": dataset.dataset_id})
    deliver(lake, DS, {item: float(10 + number) for number, item in enumerate(dataset.item_ids)})
    return Shop(lake, dataset, open_package(work / "package"), settings.scoring, work)


@pytest.mark.spark
def test_published_shares_are_counted_and_told(shop: Shop, spark: SparkSession) -> None:
    places = [("u0", "i000"), ("u0", "i001"), ("u1", "i000"), ("u1", "i030"), ("u2", "i020")]
    lists = spark.createDataFrame(places, "user_id string, item_id string")
    rules = '[[caps]]\nby = "brand"\nnight_share = 0.5\n[[caps]]\nby = "category"\nlist_share = 0.5'
    (nord,) = cap_shares(lists, shop.dataset, shop.under(rules), shop.lake, DS)
    assert nord.counters == {"night_share/brand Nord": 0.6, "night_cap/brand Nord": 0.5}
    assert nord.note == "brand Nord has 0.600 of the places; its night_share is 0.5"
    (kept,) = cap_shares(lists, shop.dataset, shop.under(rules.replace("0.5", "0.7", 1)), shop.lake, DS)
    assert (kept.found, kept.note) == (0.6, "")
    assert not list(cap_shares(lists, shop.dataset, shop.under(""), shop.lake, DS))


def test_blocks_keep_items_out_by_what_the_shop_says_of_them(shop: Shop) -> None:
    dear = '[[blocks]]\nname = "dear"\nmin_price = 30\n'
    items = shop.tonight(dear).item_ids
    assert items.tolist() == [f"i{number:03d}" for number in range(20)]  # prices are 10, 11 and so on
    gone = dear + "last = 2026-02-01\n"
    assert shop.tonight(gone).size == ITEMS
    few = shop.tonight('[[blocks]]\nname = "few"\nmax_stock = 3\n').item_ids
    assert sorted(set(shop.dataset.item_ids) - set(few)) == ["i001"]
    with pytest.raises(SettingsError, match="block of nothing names no brands"):
        read_merchandise(shop.under('[[blocks]]\nname = "of nothing"\n').merchandise)


def deliver(lake: Lake, day: dt.date, prices: dict[str, float]) -> None:
    table = lake.table("products")
    rows: list[dict[str, object]] = [
        {
            "item_id": item, "price": price, "image_refs": [], "source_file": "p.jsonl", "arrival_date": day,
            "updated_at": dt.datetime(2026, 3, 1, tzinfo=dt.UTC), "stock": 3 if item == "i001" else None,
        }
        for item, price in prices.items()
    ]  # fmt: skip
    table.replace(pa.Table.from_pylist(rows, schema=table.schema), {"arrival_date": day.isoformat()})


def test_a_brand_keeps_below_its_share_of_the_night(shop: Shop) -> None:
    free = shop.share("")
    cap = '[[caps]]\nby = "brand"\nnames = ["Nord"]\nnight_share = 0.2'
    assert free > 0.3
    capped = shop.share(cap)
    assert 0.15 < capped <= 0.2  # everybody is in the sample, so the share is kept exactly
    assert shop.share(cap.replace("0.2", "0.9")) == free
    assert shop.tonight(cap.replace("0.2", "0.9")).rules.boosts is None


def test_a_share_is_amortised(shop: Shop) -> None:
    """Some lists have more of the brand than others: those of the users who want it most."""
    rules = '[[caps]]\nby = "brand"\nnight_share = 0.2'
    users = sampled(shop.night)
    top = users.lists(shop.package, shop.under(rules), shop.tonight(rules))
    counts = np.bincount(top.rows[top.columns < len(NORD)], minlength=users.users.size)
    assert counts.max() >= 3
    assert counts.min() == 0


def test_what_a_sample_cannot_know_is_left_as_room(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = '[[caps]]\nby = "brand"\nnight_share = 0.25'
    monkeypatch.setattr(night_caps, "sampled", lambda night: sampled(night, most=20))
    assert shop.share(rules) <= 0.25


def test_pins_may_hold_more_than_a_cap(shop: Shop) -> None:
    pins = "".join(f'[[pins]]\nitem = "i00{n}"\nrank = {n}\n' for n in (1, 2, 3))
    share = shop.share(pins + '[[caps]]\nby = "brand"\nnight_share = 0.2')
    assert share == pytest.approx(shop.share(pins + '[[boosts]]\nname = "x"\nbrands = ["Nord"]\nadd = -64'))


def test_prices_of_the_night(shop: Shop) -> None:
    rules = '[[boosts]]\nname = "cheap"\nmax_price = 12\nadd = 1'
    boosts = shop.tonight(rules).rules.boosts
    assert boosts is not None
    assert np.flatnonzero(boosts.added).tolist() == [0, 1, 2]
    assert offers_input(shop.lake, DS, shop.under(rules)) == {"offers": ""}  # its dataset pins no products
    assert offers_input(shop.lake, DS, shop.under("")) == {}
    with pytest.raises(SettingsError, match="boost b needs the margin of items, and the shop delivers none"):
        shop.tonight('[[boosts]]\nname = "b"\nmin_margin = 1\nadd = 1')
    stocked = shop.tonight('[[boosts]]\nname = "b"\nmin_stock = 1\nadd = 1').rules.boosts
    assert stocked is not None
    assert np.flatnonzero(stocked.added).tolist() == [1]


def test_a_later_delivery_has_the_price(shop: Shop) -> None:
    deliver(shop.lake, DS - dt.timedelta(days=1), {"i005": 1.0, "i000": 1.0})  # older: no longer true
    deliver(shop.lake, DS + dt.timedelta(days=1), {"i006": 1.0})  # later: not known yet
    boosts = shop.tonight('[[boosts]]\nname = "cheap"\nmax_price = 10\nadd = 1').rules.boosts
    assert boosts is not None
    assert np.flatnonzero(boosts.added).tolist() == [0]


def test_what_an_objective_costs(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = '[objective]\nvalue = "price"\nweight = 1'
    found = objective_cost(shop.night, shop.tonight(rules), shop.under(rules))
    assert found == {}  # this model's scores are no log-odds
    monkeypatch.setattr(ModelPackage, "odds", True)
    with_odds = replace(shop, package=open_package(shop.work / "package"))
    found = objective_cost(with_odds.night, with_odds.tonight(rules), shop.under(rules))
    assert found["expected_responses"] < found["expected_responses_without_objective"]
    assert found["expected_price"] > found["expected_price_without_objective"]
