"""A night of two markets: who is where, what each list holds, at which price, and what is not published."""

import datetime as dt
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from pyspark.sql import SparkSession

from causalrec.config import Settings
from causalrec.dataset.load import Dataset, load_dataset
from causalrec.errors import ScoringError
from causalrec.lake import Lake, Ledger
from causalrec.registry.champion.alias import needed_champion
from causalrec.registry.store import connect
from causalrec.registry.train import train_and_log
from causalrec.registry.versions import opened
from causalrec.scoring.behaviour.personal import permitted, unsold_rows
from causalrec.scoring.behaviour.shelves import shelves_of
from causalrec.scoring.item_lists import item_lists
from causalrec.scoring.markets import markets_of
from causalrec.scoring.night import Night
from causalrec.scoring.publish import _may, publish
from causalrec.scoring.score import score, score_inputs
from causalrec.scoring.tonight import tonight
from causalrec.scoring.would_be import would_be
from tests.dataset.shop import event, product, put
from tests.registry.shop import DS, ITEMS, USERS, settings_in, write_dataset

pytestmark = pytest.mark.spark
WHERE = {"ds": [DS.isoformat()]}
GERMAN = {f"i{row:03d}" for row in range(20)}  # sold in Germany alone
BOTH = {f"i{row:03d}" for row in range(20, 30)}  # named in both; others name none
DEAR = "i025"  # in Austria
CHEAP = "i026"  # blocked by its price in Austria
OWN = "i027"  # blocked by the price of the product, which no market asks
AUSTRIANS = {f"u{row:03d}" for row in range(15)}


def offers(item: str) -> list[str] | None:
    if item in GERMAN:
        return ["DE"]
    abroad = {DEAR: "AT:500 EUR", CHEAP: "AT:0.5 EUR", OWN: "AT:10 EUR"}
    return ["de:10 EUR", abroad.get(item, "AT")] if item in BOTH else None


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A shop in Germany and Austria; the newest event of a user that names a market says where they are."""
    work = tmp_path_factory.mktemp("markets")
    base = settings_in(work, "popularity")
    write_dataset(base)
    rules = work / "rules.toml"
    rules.write_text('[objective]\nvalue = "price"\nweight = 1\n[[blocks]]\nname = "none"\nmax_price = 1\n')
    more = {"home_market": "de", "merchandise": str(rules), "new_item_share": 0.0}
    found = base.model_copy(
        update={
            "scoring": base.scoring.model_copy(update=more),
            "reasons": base.reasons.model_copy(update={"languages": ("de",)}),
        }
    )
    lake = Lake(found.lake_root)
    items = [f"i{row:03d}" for row in range(ITEMS)]
    rows = [
        product(
            item,
            price=0.5 if item in ("i030", OWN) else 10.0,
            offers=offers(item),
            titles=[f"de:Ding {item}"],
        )
        for item in items
    ]
    put(lake, "products", "2026-03-01", rows)
    day = DS - dt.timedelta(days=1)
    events = [
        *(event(f"a{user}", f"{day}T10:00", user, "i030", "view", market="at") for user in AUSTRIANS),
        event("b", f"{day}T09:00", "u000", "i030", "view", market="DE"),  # has moved since
        event("c", f"{day}T11:00", "u001", "i030", "view"),  # says nothing
        event("d", f"{day}T11:00", "u020", "i030", "view", market="FR"),  # where the shop sells nothing
    ]
    put(lake, "events", day.isoformat(), events)
    train_and_log(found, lake, Ledger(lake), DS)
    connect(found).set_registered_model_alias(found.registry.model_name, "champion", "1")
    return found


def test_every_list_holds_what_is_sold_where_its_user_is(settings: Settings, spark: SparkSession) -> None:
    lake = Lake(settings.lake_root)
    ledger = Ledger(lake)
    outcome = score(settings, lake, ledger, spark, DS)
    assert (outcome.counters["market_AT"], outcome.counters["market_DE"]) == (15.0, USERS + 2 - 15.0)
    assert publish(settings, lake, ledger, spark, DS).rows_out == 5 * (USERS + 2)
    rows = lake.table("recommendations").read(WHERE).to_pylist()
    for row in rows:
        assert row["market"] == ("AT" if row["user_id"] in AUSTRIANS else "DE")
        assert row["market"] == "DE" or row["item_id"] not in {*GERMAN, CHEAP}
        assert row["item_id"] != "i030"  # blocked by its price
    assert all("Ding i" in row["shop_reason"] for row in rows if row["reason_item_id"])
    before = score_inputs(settings, lake, ledger, DS)
    home = settings.scoring.model_copy(update={"home_market": "AT"})
    assert score_inputs(settings.model_copy(update={"scoring": home}), lake, ledger, DS) != before

    found = would_be(settings, lake, DS, settings.scoring.merchandise, 40)
    at_home = found.before.merge(found.after, on=["user_id", "rank"])
    assert (at_home["item_id_x"] == at_home["item_id_y"]).all()
    mine = found.before[found.before["user_id"].isin(AUSTRIANS)]
    assert not set(mine["item_id"]) & GERMAN

    dataset = load_dataset(settings, lake, DS)
    markets = markets_of(settings.scoring, dataset, lake, DS)
    assert markets is not None
    worth = {}
    with opened(needed_champion(settings, lake)) as package:
        for name in ("AT", "DE"):
            catalogue = tonight(Night(package, dataset, lake, DS, markets.market(name)), settings.scoring)
            boosts = catalogue.rules.boosts
            mine = catalogue.item_ids == DEAR
            worth[name] = 1.0 if boosts is None else float(np.exp(boosts.log_times[mine])[0])
    mean = (500 + 10 * 17) / 18  # of what is sold in Austria and not blocked
    assert worth == {"AT": pytest.approx(500 / mean), "DE": pytest.approx(1.0)}

    item_lists(settings, lake, ledger, DS)
    popular = lake.table("popular_items").read(WHERE).to_pylist()
    assert {row["markets"] for row in popular if row["item_id"] in GERMAN} == {"DE"}
    assert {row["markets"] for row in popular if row["item_id"] not in GERMAN} == {None}
    assert "i030" not in {row["item_id"] for row in popular}
    may = {tuple(row) for row in _may(spark, dataset, settings.scoring, lake, DS).collect()}
    assert {(name, item) for name in ("AT", "DE") for item in (CHEAP, OWN)} - may == {("AT", CHEAP)}
    assert not {("AT", "i000"), ("DE", "i030")} & may

    _lists_of_users(settings, lake, spark, dataset)
    table = lake.table("recommendation_candidates")
    good = table.read(WHERE).drop_columns(["ds"])
    wrong = pc.and_(pc.equal(good["user_id"], "u000"), pc.equal(good["rank"], 5))
    spoilt = good.set_column(
        good.schema.get_field_index("item_id"), "item_id", pc.if_else(wrong, "i000", good["item_id"])
    )
    moved = pc.if_else(pc.equal(good["user_id"], "u002"), "DE", good["market"])
    spoilt = spoilt.set_column(good.schema.get_field_index("market"), "market", moved)
    table.replace(pa.table(spoilt), {"ds": DS.isoformat()})
    with pytest.raises(
        ScoringError, match=r"market of its user: broken 5.*sold in the user's market: broken 1"
    ):
        publish(settings, lake, ledger, spark, DS)


def _lists_of_users(settings: Settings, lake: Lake, spark: SparkSession, dataset: Dataset) -> None:
    """Lists from behaviour leave out the same, and what is hidden from a user, whose ranks close up."""
    pairs = [("u000", 1, "i000"), ("u000", 2, "i035"), ("u020", 1, "i000"), ("u020", 2, "i001")]
    rows = spark.createDataFrame(pairs, "user_id string, rank int, item_id string")
    markets = markets_of(settings.scoring, dataset, lake, DS)
    assert markets is not None
    shelves = shelves_of(spark, markets, dataset, lake, DS)
    here = shelves.for_users(rows)
    assert sorted(map(tuple, here.collect())) == pairs[1:]
    assert unsold_rows("buy_again", here, shelves, markets, dataset.item_ids) == 0
    assert unsold_rows("buy_again", rows, shelves, markets, dataset.item_ids) == 1
    told = spark.createDataFrame(
        [("i000", "DE"), ("i000", "AT,DE"), ("i001", None), ("i025", None)], "item_id string, markets string"
    )
    assert unsold_rows("trending_items", told, shelves, markets, dataset.item_ids) == 2
    folder = Path(settings.paths.work)
    (folder / "hidden.csv").write_text("user_id,item_id\nu020,i000\n")
    (folder / "hidden.toml").write_text('hidden = "hidden.csv"\n')
    hiding = settings.scoring.model_copy(
        update={"merchandise": str(folder / "hidden.toml"), "home_market": ""}
    )
    alone = settings.model_copy(update={"scoring": hiding})
    seen = permitted(alone, "buy_again", rows)
    assert sorted(map(tuple, seen.collect())) == [*pairs[:2], ("u020", 1, "i001")]
    assert permitted(settings, "complements", rows) is rows
