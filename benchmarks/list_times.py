"""Trends beside popularity, and what is bought again beside frequency and recency."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from pyspark.sql import SparkSession

from benchmarks.list_shops import K, best, log_of, purchases_with_cycles
from causalrec.config.lists import ListSettings
from causalrec.config.source import DemoSettings, SourceSettings
from causalrec.scoring.behaviour.buy_again import buy_again
from causalrec.scoring.behaviour.trending import EVERYTHING, trending_items
from causalrec.sources.demo.world import build_world

DRIFT = 2.0
NEXT_DAYS = 7
TOP = 10


def trend_rows(spark: SparkSession, seed: int, users: int) -> Iterator[tuple[object, ...]]:
    """Users of the next days over those that the share of the days before would predict, of the listed items.

    Demand drifts. Only items that were on sale all the time count.
    """
    settings = ListSettings(k=TOP)
    days = settings.trend_days + settings.trend_baseline_days + NEXT_DAYS
    source = SourceSettings(seed=seed, users=users, days=days, demo=DemoSettings(demand_drift=DRIFT))
    log = log_of(source).query("kind > 0")
    log = log[build_world(source).items.launch_day[log["item_id"]] == 0]
    log = log[["user_id", "item_id", "day"]].drop_duplicates()
    end = days - NEXT_DAYS
    ds = source.first_day + dt.timedelta(days=end - 1)
    known = log[log["day"] < end]
    midday = pd.Timestamp(source.first_day, tz="UTC") + pd.Timedelta(hours=12)
    events = known.assign(event_type="view", event_time=midday + pd.to_timedelta(known["day"], unit="D"))
    categories = spark.createDataFrame([], "item_id long, category string")
    trends = trending_items(spark.createDataFrame(events.drop(columns="day")), categories, settings, ds)
    ours = trends.where(trends["category"] == EVERYTHING).toPandas()["item_id"]
    edges = [-1, settings.trend_baseline_days - 1, end - 1, days - 1]
    period = pd.cut(log["day"], edges, labels=["before", "now", "next"])
    counts = log.groupby(["item_id", period], observed=False).size().unstack()
    growth = (counts["now"] + 1) / (counts["before"] + 1)
    lists = {
        "ours": ours,
        "popular now": counts["now"].nlargest(TOP).index,
        "grown most": growth.nlargest(TOP).index,
    }
    for name, items in lists.items():
        of = counts.loc[items]
        expected = of["before"] * counts["next"].sum() / counts["before"].sum()
        ratio = float(of["next"].sum() / expected.sum()) if len(of) else float("nan")
        yield seed, name, len(of), ratio, float((of["next"] > expected).mean())


def repeat_rows(spark: SparkSession, seed: int) -> Iterator[tuple[object, ...]]:
    """What is bought again in a shop with known cycles."""
    yield from _repeats(spark, purchases_with_cycles(seed), str(seed))


def log_rows(spark: SparkSession, path: Path) -> Iterator[tuple[object, ...]]:
    """What is bought again in a real log."""
    yield from _repeats(spark, pd.read_parquet(path, columns=["user_id", "item_id", "event_time"]), path.stem)


def _repeats(spark: SparkSession, log: pd.DataFrame, label: str) -> Iterator[tuple[object, ...]]:
    """Recall of what each user bought again in the last two weeks, at 1 and at 5."""
    log = log.assign(event_time=pd.to_datetime(log["event_time"], utc=True))
    settings = ListSettings(k=K, buy_days=14)
    ends = log["event_time"].max().date() - dt.timedelta(days=settings.buy_days)
    before = log[log["event_time"].dt.date <= ends]
    after = log[log["event_time"].dt.date > ends][["user_id", "item_id"]].drop_duplicates()
    again = after.merge(before[["user_id", "item_id"]].drop_duplicates(), on=["user_id", "item_id"])
    events = spark.createDataFrame(before.assign(event_type="purchase"))
    lists = {"ours": buy_again(events, settings, ends).select("user_id", "rank", "item_id").toPandas()}
    count = before.groupby(["user_id", "item_id"])["event_time"].agg(n="size", last="max").reset_index()
    shop = before.groupby("item_id")["user_id"].nunique().rename("shop").reset_index()
    count = count.merge(shop, on="item_id")
    for name, by in {"bought most often": "n", "bought last": "last", "popular": "shop"}.items():
        lists[name] = best(count, "user_id", by, "item_id")
    for name, rows in lists.items():
        hits = again.merge(rows, on=["user_id", "item_id"])
        first = float((hits["rank"] == 1).sum() / max(1, len(again)))
        yield label, len(again), name, first, len(hits) / max(1, len(again))
