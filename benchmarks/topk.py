# ruff: noqa: E402 - threads are set before numpy is imported
"""Exact top-k on one thread beside implicit and faiss, how it scales, and from where an index pays.

    OMP_NUM_THREADS=1 .venv/bin/python benchmarks/topk.py --part rivals scaling index engine

Times are CPU seconds of this process, rivals take turns on the same blocks of users; so a busy machine
disturbs all rows alike. Lists are compared one by one.
"""

import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"  # before numpy is imported

import argparse
import resource
import time
from collections.abc import Callable

import faiss
import numpy as np
import scipy.sparse as sp
from implicit.cpu.topk import topk as implicit_topk
from rich.console import Console
from rich.progress import track
from rich.table import Table

from causalrec.config.scoring import ScoringSettings
from causalrec.dataset.arrays import Floats
from causalrec.model.base import ServingTables
from causalrec.ranking.ann import build_index, near_top_k, recall
from causalrec.ranking.asked import Asked
from causalrec.ranking.catalogue import catalogue_of
from causalrec.ranking.engine import Engine
from causalrec.ranking.fused import fused_top_k
from causalrec.ranking.histories import from_positions
from causalrec.ranking.ties import Ties
from causalrec.ranking.topk import Indices, TopK
from causalrec.ranking.user_states import UserStates

DIM, K, SEEN, BLOCK, SEED = 64, 20, 30, 1_024, 7
TURN = 4_096  # users that a rival gets at once: faiss is 2.5 times slower with 1,024
CLUSTERS = 500
Search = Callable[[Floats, Indices], Indices]
CONSOLE = Console(width=140)


def states(n: int, seed: int, spread: float = 1.0) -> Floats:
    """Unit states around common centres; ``spread`` 1 is plain noise without centres, the hardest case."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(SEED).normal(size=(CLUSTERS, DIM))
    found = (1 - spread) * centres[rng.integers(0, CLUSTERS, n)] + spread * rng.normal(size=(n, DIM))
    unit: Floats = (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)
    return unit


def seen_pairs(n_users: int, n_items: int, seed: int) -> Indices:
    """Sorted keys of SEEN random items per user (a little fewer after repeats)."""
    items = np.random.default_rng(seed).integers(0, n_items, (n_users, SEEN))
    return np.unique(np.arange(n_users)[:, None] * n_items + items)


def as_matrix(top: TopK, n_users: int) -> Indices:
    """(n_users, K) item positions; -1 fills up."""
    found = np.full((n_users, K), -1)
    found[top.rows, top.ranks - 1] = top.columns
    return found


def searches(items: Floats) -> dict[str, Search]:
    """Every contender as a function of user states and masked keys."""
    flat = faiss.IndexFlatIP(DIM)
    flat.add(items)
    n_items = items.shape[0]

    def ours(users: Floats, masked: Indices) -> Indices:
        parts = []
        for start in range(0, users.shape[0], BLOCK):
            first, last = np.searchsorted(masked, [start * n_items, (start + BLOCK) * n_items])
            part = users[start : start + BLOCK]
            ties = Ties.numbered(part.shape[0], n_items)
            top = fused_top_k(part, items, K, masked[first:last] - start * n_items, ties)
            parts.append(as_matrix(top, part.shape[0]))
        return np.concatenate(parts)

    def by_implicit(users: Floats, masked: Indices) -> Indices:
        owners, columns = np.divmod(masked, n_items)
        shape = (users.shape[0], n_items)
        queries = sp.csr_matrix((np.ones(masked.size, np.float32), (owners, columns)), shape=shape)
        found: Indices = implicit_topk(items, users, K, filter_query_items=queries, num_threads=1)[0]
        return found

    def by_faiss(users: Floats, masked: Indices) -> Indices:
        """It cannot mask per user: as many more are asked for as a user may have seen."""
        proposed = flat.search(users, K + SEEN)[1]
        keys = np.arange(users.shape[0])[:, None] * n_items + proposed
        free = ~np.isin(keys, masked, kind="sort")
        order = np.argsort(~free, axis=1, kind="stable")[:, :K]
        return np.take_along_axis(proposed, order, axis=1)

    return {"causalrec": ours, "implicit": by_implicit, "faiss IndexFlatIP": by_faiss}


def timed(search: Search, users: Floats, masked: Indices) -> tuple[float, Indices]:
    began = time.process_time()
    found = search(users, masked)
    return time.process_time() - began, found


def rivals(n_users: int, n_items: int) -> Table:
    """All contenders on the same users, block by block in turn."""
    users, items = states(n_users, 1), states(n_items, 2)
    contenders = searches(items)
    spent = dict.fromkeys(contenders, 0.0)
    same, close = dict.fromkeys(contenders, 0), dict.fromkeys(contenders, 0)
    for block, start in enumerate(track(range(0, n_users, TURN), "rivals", console=CONSOLE, transient=True)):
        part = users[start : start + TURN]
        masked = seen_pairs(part.shape[0], n_items, start)
        lists: dict[str, Indices] = {}
        order = list(contenders)
        for name in order[block % 3 :] + order[: block % 3]:
            seconds, lists[name] = timed(contenders[name], part, masked)
            spent[name] += seconds
        scores = np.einsum("bd,bkd->bk", part, items[lists["causalrec"]], dtype=np.float64)
        for name, found in lists.items():
            same[name] += int((found == lists["causalrec"]).all(axis=1).sum())
            theirs = np.einsum("bd,bkd->bk", part, items[found], dtype=np.float64)
            close[name] += int((np.abs(theirs - scores) < 1e-6).all(axis=1).sum())
    table = Table(title=f"{n_users:,} users x {n_items:,} items, d {DIM}, k {K}, {SEEN} seen items masked")
    for column in ("", "CPU s", "users/s", "same lists", "same but for ties in float32"):
        table.add_column(column, justify="right" if column else "left")
    for name in contenders:
        shares = f"{same[name] / n_users:.4%}", f"{close[name] / n_users:.4%}"
        table.add_row(name, f"{spent[name]:.2f}", f"{n_users / spent[name]:,.0f}", *shares)
    return table


def scaling() -> Table:
    """CPU time for more users and for more items."""
    table = Table(title="scaling (CPU ms per user; constant: linear in users; last column: per 1,000 items)")
    for column in ("users", "items", "CPU s", "ms a user", "us a user and 1,000 items"):
        table.add_column(column, justify="right")
    sizes = [(4_096, 50_000), (8_192, 50_000), (16_384, 50_000)]
    sizes += [(2_048, n) for n in (25_000, 50_000, 100_000, 200_000, 400_000)]
    for n_users, n_items in track(sizes, "scaling", console=CONSOLE, transient=True):
        users, items, spent = states(n_users, 1), states(n_items, 2), 0.0
        for start in range(0, n_users, BLOCK):
            part = users[start : start + BLOCK]
            masked = seen_pairs(part.shape[0], n_items, start)
            began = time.process_time()
            fused_top_k(part, items, K, masked, Ties.numbered(part.shape[0], n_items))
            spent += time.process_time() - began
        each = spent / n_users
        table.add_row(
            f"{n_users:,}", f"{n_items:,}", f"{spent:.2f}", f"{1e3 * each:.3f}", f"{1e9 * each / n_items:.2f}"
        )
    return table


def index(spread: float) -> Table:
    """Exact search beside the approximate index for growing catalogues."""
    table = Table(
        title=f"approximate index, states of spread {spread:g} around {CLUSTERS} centres, 64 probes"
    )
    for column in ("items", "build CPU s", "exact ms a user", "index ms a user", "recall", "faster"):
        table.add_column(column, justify="right")
    for n_items in track((50_000, 200_000, 500_000), "index", console=CONSOLE, transient=True):
        users, items = states(BLOCK, 1, spread), states(n_items, 2, spread)
        masked = seen_pairs(BLOCK, n_items, 0)
        began = time.process_time()
        found = build_index(items, 64, SEED)
        built = time.process_time()
        ties = Ties.numbered(BLOCK, n_items)
        exact = fused_top_k(users, items, K, masked, ties)
        searched = time.process_time()
        near = near_top_k(found, users, items, K, masked, ties)
        ended = time.process_time()
        each = (searched - built) / BLOCK, (ended - searched) / BLOCK
        table.add_row(
            f"{n_items:,}", f"{built - began:.1f}", f"{1e3 * each[0]:.3f}", f"{1e3 * each[1]:.3f}",
            f"{recall(near, exact):.3f}", f"{each[0] / each[1]:.1f} x",
        )  # fmt: skip
    return table


def engine(n_users: int, n_items: int) -> Table:
    """The whole engine with reasons, exploration and new items' places, as a Spark task runs it."""
    items = states(n_items, 2)
    none = np.full(n_items, -1, dtype=np.int32)
    popularity = np.ones(n_items, dtype=np.float32)
    zeros = np.zeros(n_items, dtype=np.float32)
    tables = ServingTables(states(n_users, 1), items, items, popularity, none, none, zeros)
    ids = np.char.mod("i%07d", np.arange(n_items)).astype(object)
    settings = ScoringSettings(k=K, explore_share=0.05)
    catalogue = catalogue_of(ids, ids, popularity, tables)
    runner = Engine(catalogue, settings, users=UserStates(tables.users))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    rows, spent = 0, 0.0
    for start in track(range(0, n_users, 10_000), "engine", console=CONSOLE, transient=True):
        users = np.arange(start, min(start + 10_000, n_users), dtype=np.int32)
        lengths = np.full(users.size, SEEN)
        past = from_positions(lengths, np.random.default_rng(start).integers(0, n_items, users.size * SEEN))
        names = np.char.mod("u%07d", users).astype(object)
        began = time.process_time()
        for block in runner.ranked(Asked(users, past, K, names, "2026-03-01")):
            rows += block.users.size
        spent += time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    table = Table(title=f"whole engine, {n_users:,} users x {n_items:,} items")
    for column in ("rows", "CPU s", "users/s", "MiB before", "MiB at peak", "1M users x 200k items, planned"):
        table.add_column(column, justify="right")
    hours = spent / n_users * 1e6 * (200_000 / n_items) / 3600
    table.add_row(
        f"{rows:,}", f"{spent:.0f}", f"{n_users / spent:,.0f}", f"{before / 1024:,.0f}",
        f"{peak / 1024:,.0f}", f"{hours:.1f} core hours",
    )  # fmt: skip
    return table


def main() -> None:
    """Prints the chosen tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parts = ("rivals", "scaling", "index", "engine")
    parser.add_argument("--part", nargs="+", choices=parts, default=parts)
    parser.add_argument("--users", type=int, default=20_000)
    parser.add_argument("--items", type=int, default=50_000)
    parser.add_argument("--engine", type=int, nargs=2, default=(100_000, 200_000), metavar=("USERS", "ITEMS"))
    arguments = parser.parse_args()
    faiss.omp_set_num_threads(1)
    if "rivals" in arguments.part:
        CONSOLE.print(rivals(arguments.users, arguments.items))
    if "scaling" in arguments.part:
        CONSOLE.print(scaling())
    if "index" in arguments.part:
        CONSOLE.print(index(1.0), index(0.5))
    if "engine" in arguments.part:
        CONSOLE.print(engine(*arguments.engine))


if __name__ == "__main__":
    main()
