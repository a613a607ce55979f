"""The markets of a night: where items are sold, and where users are."""

import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import functions as F

from causalrec.config import Settings
from causalrec.config.scoring import ScoringSettings
from causalrec.dataset.arrivals import arrivals
from causalrec.dataset.load import Dataset
from causalrec.features.offers import latest_offers
from causalrec.lake import Lake
from causalrec.lake.bridge import read_frame
from causalrec.ranking.item_rules import Bools, Texts
from causalrec.ranking.markets import Market, Markets, local_titles

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

EVENTS, PRODUCTS, PUBLISHED = "events", "products", "recommendations"


@dataclass(frozen=True)
class Group:
    """Users who are served from one catalogue: ``mine`` (U,), and their market; None: all are."""

    market: Market | None
    mine: Bools | None

    @property
    def suffix(self) -> str:
        """Of names of files that belong to the market."""
        return "" if self.market is None else f"-{hashlib.sha256(self.market.name.encode()).hexdigest()[:8]}"

    def of(self, users: Bools | None) -> Bools | None:
        """Those of ``users`` (U,) who are in the group; None: all."""
        return self.mine if users is None else users if self.mine is None else users & self.mine


EVERYBODY = Group(None, None)


def markets_of(settings: ScoringSettings, dataset: Dataset, lake: Lake, ds: dt.date) -> Markets | None:
    """Where the items of the dataset are sold; None where markets do not count."""
    if not settings.home_market:
        return None
    version = {pin.table: pin.version for pin in dataset.pins}.get(PRODUCTS)
    offers = latest_offers(lake, ds, ["offers"], version).reindex(dataset.item_ids)
    return Markets.of(offers["offers"], settings.home_market)


def titles_of(
    languages: Sequence[str], dataset: Dataset, lake: Lake, ds: dt.date
) -> "dict[str, pd.Series[str]]":
    """Language -> titles of the dataset's items in it, as the shop delivered them."""
    if not languages:
        return {}
    version = {pin.table: pin.version for pin in dataset.pins}.get(PRODUCTS)
    told = latest_offers(lake, ds, ["titles"], version).reindex(dataset.item_ids)
    return local_titles(told["titles"], languages)


def user_markets(
    spark: "SparkSession", markets: Markets, settings: Settings, dataset: Dataset, lake: Lake, ds: dt.date
) -> Texts:
    """The market (U,) of each user of the dataset: that of their newest event up to ``ds`` that names one."""
    table, known = lake.table(EVENTS), settings.dataset.known
    version = {pin.table: pin.version for pin in dataset.pins}.get(EVENTS)
    where = {"arrival_date": arrivals(table, ds, known)}
    events = read_frame(spark, table, where, ["user_id", "event_time", "market"], version)
    named = events.where(F.col("market").isNotNull() & (F.to_date("event_time") <= F.lit(ds)))
    last = F.max(F.struct("event_time", "market")).getField("market")
    rows = named.groupBy("user_id").agg(last.alias("at")).toPandas().set_index("user_id")["at"]
    return markets.of_users(rows.reindex(dataset.user_ids).to_numpy(dtype=object))


def groups(markets: Markets | None, named: Texts | None) -> Iterator[Group]:
    """Every market that has users, home first; one group of all where markets do not count."""
    if markets is None or named is None:
        yield EVERYBODY
        return
    for name in sorted(set(named), key=lambda name: (name != markets.home, name)):
        yield Group(markets.market(name), named == name)


def published_markets(markets: Markets, lake: Lake, ds: dt.date, users: Texts) -> Texts:
    """The market (B,) for which each of ``users`` has a list of ``ds``; home for who has none."""
    rows = lake.table(PUBLISHED).read({"ds": [ds.isoformat()]}, ["user_id", "rank", "market"])
    mine = pc.is_in(rows["user_id"], pa.array(users, pa.string()))
    rows = rows.filter(pc.and_(pc.equal(rows["rank"], 1), mine))
    known = pd.Series(rows["market"].to_pylist(), index=rows["user_id"].to_pylist(), dtype=object)
    return markets.of_users(known.reindex(users).to_numpy(dtype=object))


def entries_frame(spark: "SparkSession", markets: Markets, item_ids: Texts) -> "tuple[DataFrame, DataFrame]":
    """item_id of items that are not sold everywhere, and market and item_id of where these are."""
    limited = pa.table({"item_id": pa.array(item_ids[markets.limited], pa.string())})
    rows = markets.entries["row"].to_numpy(dtype=int)
    sold = pa.table(
        {
            "market": pa.array(markets.entries["market"], pa.string()),
            "item_id": pa.array(item_ids[rows], pa.string()),
        }
    )
    return spark.createDataFrame(limited), spark.createDataFrame(sold)
