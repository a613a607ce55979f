"""Ranking metrics of this library against a plain loop over users, on the same tables.

    python benchmarks/evaluation.py [--users 6000] [--items 6710] [--rounds 3] [--loop-users 500]

The loop does for one user after the other what the protocol says: score all items, leave out the training
items, sort, look up. It is timed on some users (spread evenly) and compared per user; both sides run turn by
turn with the same number of threads, and their metrics on those users must be equal.
"""

import argparse
import os
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))

from causalrec.dataset.arrays import Floats, Interactions
from causalrec.metrics.ranked import RankedUsers
from causalrec.metrics.tables import rank_tables

KS = (10, 20)
DIM = 64
HISTORY, HELD = 6, 1
AGREE = 1e-9
Metrics = dict[str, npt.NDArray[np.float64]]


@dataclass(frozen=True)
class Measured:
    """CPU seconds per user of every round, and the largest difference of a metric."""

    ours: list[float]
    loop: list[float]
    difference: float

    @property
    def ratio(self) -> float:
        """How many times as long the loop takes."""
        return statistics.median(self.loop) / statistics.median(self.ours)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--users", type=int, default=6_000)
    parser.add_argument("--items", type=int, default=6_710)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--loop-users", type=int, default=500)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    data, users, items = problem(arguments.users, arguments.items, seed=7)
    found = measure(data, users, items, arguments.rounds, arguments.loop_users)
    show(found, data, arguments.threads)
    sys.exit(0 if found.difference <= AGREE else 1)


def problem(n_users: int, n_items: int, seed: int) -> tuple[Interactions, Floats, Floats]:
    """Random tables, histories and held-out items."""
    rng = np.random.default_rng(seed)
    users, items = (rng.standard_normal((n, DIM)).astype(np.float32) for n in (n_users, n_items))
    owners = np.repeat(np.arange(n_users), HISTORY + 2 * HELD)
    keys = np.unique(owners * n_items + rng.integers(0, n_items, owners.size))
    pairs = np.stack([keys // n_items, keys % n_items]).astype(np.int32)
    pairs = pairs[:, rng.permutation(pairs.shape[1])]
    cut = n_users * HISTORY
    train, test = pairs[:, :cut], pairs[:, cut:]
    return Interactions(n_users, n_items, train, np.empty((2, 0), np.int32), test), users, items


def measure(data: Interactions, users: Floats, items: Floats, rounds: int, loop_users: int) -> Measured:
    """Both sides turn by turn; the first round warms up and is left out."""
    tested = np.unique(data.test[0])
    some = tested[np.linspace(0, tested.size - 1, min(loop_users, tested.size)).astype(int)]
    tables = torch.from_numpy(users), torch.from_numpy(items)
    times: dict[str, list[float]] = {"ours": [], "loop": []}
    ranked: RankedUsers | None = None
    plain: Metrics = {}
    for turn in range(rounds + 1):
        began = time.process_time()
        ranked = rank_tables(*tables, data, "test", KS)
        between = time.process_time()
        plain = loop(data, users, items, some.tolist())
        ended = time.process_time()
        if turn:
            times["ours"].append((between - began) / tested.size)
            times["loop"].append((ended - between) / some.size)
    if ranked is None:
        raise ValueError("no rounds")
    rows = np.searchsorted(ranked.users, some)
    difference = max(float(np.abs(ranked.metrics[name][rows] - plain[name]).max()) for name in plain)
    return Measured(times["ours"], times["loop"], difference)


def loop(data: Interactions, users: Floats, items: Floats, asked: list[int]) -> Metrics:
    """The definitions, user by user."""
    seen, relevant = histories(data.train), histories(data.test)
    found: dict[str, list[float]] = {
        f"{name}@{k}": [] for name in ("recall", "ndcg", "mrr", "hit") for k in KS
    }
    for user in asked:
        scores = items @ users[user]
        scores[seen.get(user, [])] = -np.inf
        ranking = np.argsort(-scores, kind="stable")[: max(KS)].tolist()
        wanted = set(relevant[user])
        for k in KS:
            places = [place for place, item in enumerate(ranking[:k]) if item in wanted]
            ideal = sum(1 / np.log2(place + 2) for place in range(min(len(wanted), k)))
            found[f"recall@{k}"].append(len(places) / len(wanted))
            found[f"ndcg@{k}"].append(sum(1 / np.log2(place + 2) for place in places) / ideal)
            found[f"mrr@{k}"].append(1 / (places[0] + 1) if places else 0.0)
            found[f"hit@{k}"].append(float(bool(places)))
    return {name: np.array(values) for name, values in found.items()}


def histories(pairs: npt.NDArray[np.int32]) -> dict[int, list[int]]:
    """Items of every user."""
    found: dict[int, list[int]] = {}
    for user, item in pairs.T.tolist():
        found.setdefault(user, []).append(item)
    return found


def show(found: Measured, data: Interactions, threads: int) -> None:
    load = f"{os.cpu_count()} cores, {threads} threads, load {os.getloadavg()[0]:.1f}"
    table = Table(title=f"{data.n_users:,} users, {data.n_items:,} items, {load}")
    for column in ("side", "CPU us per user", "ratio", "all rounds", "largest difference"):
        table.add_column(column, justify="right")
    for name, times in (("loop", found.loop), ("ours", found.ours)):
        shown = " ".join(f"{seconds * 1e6:.0f}" for seconds in times)
        ratio = "1.0" if name == "loop" else f"{found.ratio:.1f}"
        difference = "" if name == "loop" else f"{found.difference:.1e}"
        table.add_row(name, f"{statistics.median(times) * 1e6:.0f}", ratio, shown, difference)
    Console().print(table)


if __name__ == "__main__":
    main()
