"""Logs of generated shops for the benchmarks of lists."""

import numpy as np
import pandas as pd

from causalrec.config.source import SourceSettings
from causalrec.sources.demo.behaviour import TYPES, block_count, simulate
from causalrec.sources.demo.world import build_world

TAKEN = np.isin(TYPES, ("cart", "purchase"))
K = 5


def log_of(source: SourceSettings) -> pd.DataFrame:
    """user_id, visit, item_id, day, kind (index into ``TYPES``): the deepest event of each item and visit."""
    world, parts = build_world(source), []
    for day in range(source.days):
        for block in range(block_count(world)):
            seen = simulate(world, day, block)
            columns = {"user_id": seen.user, "visit": seen.session, "item_id": seen.item, "kind": seen.kind}
            found = (
                pd.DataFrame(columns).groupby(["user_id", "visit", "item_id"], as_index=False)["kind"].max()
            )
            found["visit"] = f"{day}-{block}-" + found["visit"].astype(str)
            parts.append(found.assign(day=day))
    log: pd.DataFrame = pd.concat(parts, ignore_index=True)
    return log


def visits_of(log: pd.DataFrame) -> pd.DataFrame:
    """user_id, visit, item_id, taken."""
    taken = TAKEN[log["kind"]].astype(int)
    return log[["user_id", "visit", "item_id"]].assign(taken=taken)


def purchases_with_cycles(seed: int, days: int = 150, users: int = 500, items: int = 60) -> pd.DataFrame:
    """user_id, item_id, event_time: goods with a cycle of a week to two months, and some bought once.

    Each user buys 8 of the items from a random day on; gaps are Gamma of shape 4, their mean the cycle times
    the user's own factor, and one item of five is never bought again. Four of ten users stop at some time.
    """
    rng = np.random.default_rng(seed)
    cycle = np.where(np.arange(items) % 5 == 0, np.inf, np.exp(rng.uniform(np.log(7), np.log(60), items)))
    user = np.repeat(np.arange(users), 8)
    item = rng.random((users, items)).argsort(axis=1)[:, :8].ravel()
    mean = cycle[item] * np.exp(0.4 * rng.normal(size=users))[user]
    ends = np.where(rng.random(users) < 0.4, rng.uniform(0, days, users), days)[user]
    gaps = rng.gamma(4, 1 / 4, (user.size, days // 2)) * mean[:, None]
    start = rng.uniform(0, days, user.size)
    when = np.hstack([start[:, None], start[:, None] + gaps.cumsum(axis=1)])
    row, column = np.nonzero(when < ends[:, None])
    first = np.datetime64("2026-01-01T00:00:00")
    moment = first + (when[row, column] * 86_400).astype("timedelta64[s]")
    return pd.DataFrame({"user_id": user[row], "item_id": item[row], "event_time": moment})


def best(pairs: pd.DataFrame, of: str, by: str, item: str) -> pd.DataFrame:
    """The ``K`` rows of each ``of`` with the largest ``by``; ties by ``item``."""
    rows = pairs.sort_values([of, by, item], ascending=[True, False, True])
    rows["rank"] = rows.groupby(of).cumcount() + 1
    found: pd.DataFrame = rows[rows["rank"] <= K]
    return found
