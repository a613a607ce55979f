"""Complements and cart lists beside what was taken together most often."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame, SparkSession

from benchmarks.list_shops import K, best, log_of, visits_of
from causalrec.config.lists import ListSettings
from causalrec.config.source import DemoSettings, SourceSettings
from causalrec.scoring.behaviour.carts import cart_lists
from causalrec.scoring.behaviour.complements import PairCounts, lifts, listed, pair_counts
from causalrec.sources.demo.mechanism import cart_chance, sigmoid, true_logit
from causalrec.sources.demo.world import build_world, companions

COMPANION_CHANCE = 0.5
HELD_DAYS = 8  # last days, whose baskets are completed


def complement_rows(spark: SparkSession, seed: int, users: int) -> Iterator[tuple[object, ...]]:
    """Where the true companion stands in the list of each item, and how many rows are listed."""
    for chance in (COMPANION_CHANCE, 0.0):
        source = SourceSettings(seed=seed, users=users, demo=DemoSettings(companions=chance))
        visits, true = visits_of(log_of(source)), companions(source)
        rows = {"ours": _complements(spark, visits, K).toPandas().astype(int, errors="ignore")}
        both = _together(visits)
        rows["co-occurrence"] = best(both, "item_id", "both", "other_item_id")
        rows["mutual information"] = best(both, "item_id", "pmi", "other_item_id")
        for name, found in rows.items():
            hit = found["other_item_id"].to_numpy() == true[found["item_id"].to_numpy()]
            first, in_list = (float((hit & (found["rank"] <= k)).sum() / source.items) for k in (1, K))
            right = float(hit.sum() / max(1, len(found)))
            yield seed, f"{chance:g}", name, first, in_list, len(found), right


def cart_rows(spark: SparkSession, seed: int, users: int) -> Iterator[tuple[object, ...]]:
    """One item of each late basket is hidden; which list, from the rest of the basket, holds it?"""
    source = SourceSettings(seed=seed, users=users, demo=DemoSettings(companions=COMPANION_CHANCE))
    log, true = log_of(source), companions(source)
    late = log["day"] >= source.days - HELD_DAYS
    before = visits_of(log[~late])
    baskets = visits_of(log[late]).query("taken == 1")
    baskets = baskets[baskets.groupby("visit")["item_id"].transform("size") > 1].copy()
    who = baskets.groupby("visit")["user_id"].first()
    baskets["user_id"] = baskets["visit"]  # a basket is the owner of its list
    baskets["draw"] = np.random.default_rng(seed).random(len(baskets))
    hidden = baskets["draw"] == baskets.groupby("visit")["draw"].transform("max")
    carts, held = baskets.loc[~hidden, ["user_id", "item_id"]], baskets.loc[hidden, ["user_id", "item_id"]]
    rows = {"ours": _our_carts(spark, before, carts)} | _cart_rivals(before, carts)
    companion = carts.assign(item_id=true[carts["item_id"]])
    world, n_carts = build_world(source), carts["user_id"].nunique()
    for name, found in rows.items():
        hits = held.merge(found, on=["user_id", "item_id"])
        shares = [float((hits["rank"] <= k).sum() / len(held)) for k in (1, K)]
        fits = (
            found.merge(companion, on=["user_id", "item_id"], how="left", indicator="fits")["fits"] == "both"
        )
        pairs = who[found["user_id"]].to_numpy(), found["item_id"].to_numpy().astype(np.int64)
        logit = true_logit(world, *pairs)
        alone = sigmoid(logit) * cart_chance(world, pairs[1], logit)
        chance = 1 - (1 - alone) * (1 - COMPANION_CHANCE * fits.to_numpy())
        taken = float(chance.sum() / (K * n_carts))  # a row that is missing is never taken
        yield seed, len(held), name, found["user_id"].nunique() / n_carts, *shares, taken


def _our_carts(spark: SparkSession, before: pd.DataFrame, carts: pd.DataFrame) -> pd.DataFrame:
    settings = ListSettings()
    counts = _counted(spark, before, settings)
    known = lifts(counts, settings)
    found = cart_lists(spark.createDataFrame(carts), known, K, usual=counts.rates)
    rows: pd.DataFrame = found.select("user_id", "rank", "item_id").toPandas()
    return rows


def _complements(spark: SparkSession, visits: pd.DataFrame, k: int) -> DataFrame:
    settings = ListSettings(k=k)
    return listed(_counted(spark, visits, settings), settings, substitutes=False)


def _counted(spark: SparkSession, visits: pd.DataFrame, settings: ListSettings) -> PairCounts:
    counts = pair_counts(spark.createDataFrame(visits), settings)
    return replace(counts, frame=counts.frame.cache())


def _together(visits: pd.DataFrame) -> pd.DataFrame:
    """item_id, other_item_id, visits that took both, and those over the product of both alone (pmi)."""
    taken = visits[visits["taken"] == 1]
    pairs = taken.merge(taken, on=["user_id", "visit"], suffixes=("", "_other"))
    pairs = pairs[pairs["item_id"] != pairs["item_id_other"]]
    both = pairs.groupby(["item_id", "item_id_other"]).size().rename("both").reset_index()
    size = taken.groupby("item_id").size()
    both["pmi"] = both["both"] / (size[both["item_id"]].to_numpy() * size[both["item_id_other"]].to_numpy())
    return both.rename(columns={"item_id_other": "other_item_id"})


def _cart_rivals(before: pd.DataFrame, carts: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Taken together most often with the items of the cart, and taken most often of all."""
    both = carts.merge(_together(before), on="item_id").groupby(["user_id", "other_item_id"])["both"].sum()
    size = before[before["taken"] == 1].groupby("item_id").size().rename("score").nlargest(3 * K)
    everywhere = carts[["user_id"]].drop_duplicates().merge(size.reset_index(), how="cross")
    scores = both.rename("score").reset_index().rename(columns={"other_item_id": "item_id"})
    return {
        name: best(_without(rows, carts), "user_id", "score", "item_id")
        for name, rows in {"co-occurrence": scores, "popular": everywhere}.items()
    }


def _without(rows: pd.DataFrame, carts: pd.DataFrame) -> pd.DataFrame:
    marked = rows.merge(carts, on=["user_id", "item_id"], how="left", indicator="in_cart")
    return marked[marked["in_cart"] == "left_only"].drop(columns="in_cart")
