"""Tables "Lists from behaviour" of RESULTS.md: each list beside its plain rival.

    python -m benchmarks.lists complements [--seeds 301 302 303] [--users 2000]
    python -m benchmarks.lists repeats INTERACTIONS.parquet       # user_id, item_id, event_time of purchases

    python -m benchmarks.lists repeats FILE          # Parquet of purchases: user_id, item_id, event_time
one visit, and pointwise mutual information. repeats: what is bought again in the last weeks of a log.
"""

import argparse
import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
from pyspark.sql import SparkSession
from rich.console import Console

from causalrec.config.lists import ListSettings
from causalrec.config.source import DemoSettings, SourceSettings
from causalrec.scoring.behaviour.buy_again import buy_again
from causalrec.scoring.behaviour.complements import PairCounts, listed, pair_counts
from causalrec.sources.demo.behaviour import TYPES, block_count, simulate
from causalrec.sources.demo.world import build_world, companions

CONSOLE = Console(soft_wrap=True, markup=False, highlight=False)
COMPANION_CHANCE = 0.5
K = 5
TAKEN = np.isin(TYPES, ("cart", "purchase"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    kinds = parser.add_subparsers(dest="kind", required=True)
    shops = kinds.add_parser("complements")
    shops.add_argument("--seeds", type=int, nargs="*", default=[301, 302, 303])
    shops.add_argument("--users", type=int, default=2_000)
    log = kinds.add_parser("repeats")
    log.add_argument("purchases", type=Path)
    given = parser.parse_args()
    spark = SparkSession.builder.master("local[2]").config("spark.sql.shuffle.partitions", 4).getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    if given.kind == "complements":
        for seed in given.seeds:
            of_shop(spark, seed, given.users, COMPANION_CHANCE)
            of_shop(spark, seed, given.users, 0.0)
    else:
        of_log(spark, given.purchases)


def of_shop(spark: SparkSession, seed: int, users: int, chance: float) -> None:
    """Where the true companion stands in the list of each item, and how many rows are listed."""
    source = SourceSettings(seed=seed, users=users, demo=DemoSettings(companions=chance))
    visits = visits_of(source)
    true = companions(source)
    settings = ListSettings(k=K)
    counts = pair_counts(spark.createDataFrame(visits), settings)
    ours = listed(PairCounts(counts.frame.cache(), counts.evidence), settings, substitutes=False)
    found = {"ours": ours.select("item_id", "rank", "other_item_id").toPandas().astype(int)}
    found |= rivals(visits)
    for name, rows in found.items():
        hit = rows["other_item_id"].to_numpy() == true[rows["item_id"].to_numpy()]
        first, listed_ = ((hit & (rows["rank"] <= k)).sum() / source.items for k in (1, K))
        right = hit.sum() / max(1, len(rows))
        cells = (
            str(seed),
            f"{chance:g}",
            name,
            f"{first:.3f}",
            f"{listed_:.3f}",
            f"{len(rows):,}",
            f"{right:.3f}",
        )
        CONSOLE.print(f"| {' | '.join(cells)} |")


def visits_of(source: SourceSettings) -> pd.DataFrame:
    """user_id, visit, item_id, taken of all days of a generated shop."""
    world, parts = build_world(source), []
    for day in range(source.days):
        for block in range(block_count(world)):
            seen = simulate(world, day, block)
            frame = pd.DataFrame(
                {
                    "user_id": seen.user,
                    "session": seen.session,
                    "item_id": seen.item,
                    "taken": TAKEN[seen.kind],
                }
            )
            parts.append(
                frame.groupby(["user_id", "session", "item_id"], as_index=False)["taken"]
                .max()
                .assign(day=day)
            )
    rows = pd.concat(parts, ignore_index=True)
    rows["visit"] = rows["day"].astype(str) + "-" + rows["session"].astype(str)
    found: pd.DataFrame = rows[["user_id", "visit", "item_id", "taken"]].astype({"taken": int})
    return found


def rivals(visits: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Lists by visits that took both, and by how many times more those are than chance would have."""
    taken = visits[visits["taken"] == 1]
    pairs = taken.merge(taken, on=["user_id", "visit"], suffixes=("", "_other"))
    pairs = pairs[pairs["item_id"] != pairs["item_id_other"]]
    both = pairs.groupby(["item_id", "item_id_other"]).size().rename("both").reset_index()
    size = taken.groupby("item_id").size()
    both["pmi"] = both["both"] / (size[both["item_id"]].to_numpy() * size[both["item_id_other"]].to_numpy())
    both = both.rename(columns={"item_id_other": "other_item_id"})
    orders = {"co-occurrence": "both", "mutual information": "pmi"}
    return {name: best(both, "item_id", by, "other_item_id") for name, by in orders.items()}


def best(pairs: pd.DataFrame, of: str, by: str, item: str) -> pd.DataFrame:
    """The ``K`` rows of each ``of`` with the largest ``by``; ties by ``item``."""
    rows = pairs.sort_values([of, by, item], ascending=[True, False, True])
    rows["rank"] = rows.groupby(of).cumcount() + 1
    found: pd.DataFrame = rows[rows["rank"] <= K]
    return found


def of_log(spark: SparkSession, path: Path) -> None:
    """Recall of what each user bought again in the last two weeks, at 1 and 5, beside plain orders."""
    log = pd.read_parquet(path, columns=["user_id", "item_id", "event_time"])
    log["event_time"] = pd.to_datetime(log["event_time"], utc=True)
    settings = ListSettings(k=K, buy_days=14)
    ends = log["event_time"].max().date() - dt.timedelta(days=settings.buy_days)
    before = log[log["event_time"].dt.date <= ends]
    after = log[log["event_time"].dt.date > ends][["user_id", "item_id"]].drop_duplicates()
    known = before[["user_id", "item_id"]].drop_duplicates()
    again = after.merge(known, on=["user_id", "item_id"])
    events = spark.createDataFrame(before.assign(event_type="purchase"))
    ours = buy_again(events, settings, ends).select("user_id", "rank", "item_id").toPandas()
    count = (
        before.groupby(["user_id", "item_id"])
        .agg(n=("event_time", "size"), last=("event_time", "max"))
        .reset_index()
    )
    shop = before.groupby("item_id")["user_id"].nunique().rename("shop").reset_index()
    count = count.merge(shop, on="item_id")
    ways = {"ours": ours} | {
        name: best(count, "user_id", by, "item_id")
        for name, by in {"bought most often": "n", "bought last": "last", "popular": "shop"}.items()
    }
    CONSOLE.print(f"{len(again):,} repeated purchases of {again['user_id'].nunique():,} users after {ends}")
    for name, rows in ways.items():
        hits = again.merge(rows, on=["user_id", "item_id"])
        CONSOLE.print(
            f"| {name} | {(hits['rank'] == 1).sum() / len(again):.3f} | {len(hits) / len(again):.3f} |"
        )


if __name__ == "__main__":
    main()
