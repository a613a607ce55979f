"""One epoch of LightGCN here against a plain LightGCN at the same depth, width and batch.

    python benchmarks/training_epoch.py [--bundle DIR] [--epochs 3] [--threads 1]

The rival is written the way most public codes are: one COO adjacency over users and items under autograd,
BPR, one negative per pair drawn by Python until it is not a training item. Ours is the trainer of this
library with its defaults (sampled softmax, 1,024 shared negatives). Each side lives in a process of its own,
in which peak memory is measured; epochs are run turn by turn. First both propagate the same embeddings and
must agree.
"""

import argparse
import multiprocessing
import os
import random
import statistics
import sys
import time
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor
from torch.nn.functional import logsigmoid

sys.path.insert(0, str(Path(__file__).parents[1]))

from causalrec.config import Settings
from causalrec.dataset.arrays import Interactions
from causalrec.dataset.bundle import load_bundle
from causalrec.metrics.ranked import averages
from causalrec.metrics.tables import rank_tables
from causalrec.model.graph import operator, propagate, symmetric
from causalrec.model.rivals.lightgcn import LightGcnNetwork
from causalrec.training.peak import peak_bytes
from causalrec.training.run import EpochRun

CPU = torch.device("cpu")
TASTES = 40
QUIET, BUSY, BUSY_SHARE = 1.3, (150, 600), 0.0125  # pairs of users
AGREE = 1e-5
SEED = 7


class Side(Protocol):
    """One of the two that are compared."""

    def epoch(self) -> None: ...

    def tables(self) -> tuple[Tensor, Tensor]: ...


@dataclass
class Measured:
    """Of one side: seconds of every epoch after the first, validation recall@20 at the end, peak memory."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    recall: float = 0.0
    peak_mib: float = 0.0


class Ours:
    """The trainer of this library."""

    def __init__(self, data: Interactions, settings: Settings) -> None:
        torch.manual_seed(SEED)
        network = LightGcnNetwork(data, settings.model, CPU)
        self.run = EpochRun(settings.training, settings.model, None, network, data, None)
        self.run.validated = False  # an epoch is training alone

    def epoch(self) -> None:
        self.run.one_epoch()

    def tables(self) -> tuple[Tensor, Tensor]:
        return self.run.network.serving()


class Plain:
    """LightGCN as it is usually written."""

    def __init__(self, data: Interactions, settings: Settings) -> None:
        torch.manual_seed(SEED)
        self.random = random.Random(SEED)
        self.n_users, self.n_items = data.n_users, data.n_items
        self.layers, self.batch = settings.model.layers, settings.training.batch
        size = (data.n_users + data.n_items, settings.model.dim)
        self.embedding = torch.nn.Parameter(torch.randn(size) * settings.model.init)
        self.adjacency = adjacency(data)
        self.pairs = data.train.T.tolist()
        self.seen: dict[int, set[int]] = {}
        for user, item in self.pairs:
            self.seen.setdefault(user, set()).add(item)
        self.optimizer = torch.optim.Adam([self.embedding], lr=settings.training.learning_rate)

    def tables(self) -> tuple[Tensor, Tensor]:
        return plain_propagation(self.adjacency, self.embedding, self.layers, self.n_users)

    def epoch(self) -> None:
        self.random.shuffle(self.pairs)
        for start in range(0, len(self.pairs), self.batch):
            chosen = self.pairs[start : start + self.batch]
            negatives = [self.negative(user) for user, _ in chosen]
            users, items = self.tables()
            owners, liked = torch.tensor(chosen).T
            rows = users[owners]
            gap = (rows * items[liked]).sum(dim=1) - (rows * items[torch.tensor(negatives)]).sum(dim=1)
            self.optimizer.zero_grad()
            (-logsigmoid(gap).mean()).backward()  # type: ignore[no-untyped-call]
            self.optimizer.step()

    def negative(self, user: int) -> int:
        item = self.random.randrange(self.n_items)
        while item in self.seen[user]:
            item = self.random.randrange(self.n_items)
        return item


SIDES: dict[str, type[Ours] | type[Plain]] = {"plain": Plain, "ours": Ours}


def adjacency(data: Interactions) -> Tensor:
    """D^-1/2 A D^-1/2 over users and items as one COO matrix."""
    matrix = symmetric(data.train_matrix()).tocoo()
    users, items = torch.from_numpy(matrix.row).long(), torch.from_numpy(matrix.col).long() + data.n_users
    index = torch.stack([torch.cat([users, items]), torch.cat([items, users])])
    values = torch.from_numpy(matrix.data).repeat(2)
    nodes = data.n_users + data.n_items
    return torch.sparse_coo_tensor(index, values, (nodes, nodes)).coalesce()


def plain_propagation(graph: Tensor, states: Tensor, layers: int, n_users: int) -> tuple[Tensor, Tensor]:
    """Users and items, the mean over layers."""
    found = [states]
    for _ in range(layers):
        found.append(torch.sparse.mm(graph, found[-1]))
    users, items = torch.split(torch.stack(found).mean(dim=0), [n_users, states.shape[0] - n_users])
    return users, items


def disagreement(data: Interactions, settings: Settings) -> float:
    """Largest difference of both propagations on the same embeddings."""
    torch.manual_seed(SEED)
    states = torch.randn(data.n_users + data.n_items, settings.model.dim)
    layers = settings.model.layers
    theirs = plain_propagation(adjacency(data), states, layers, data.n_users)
    graph = operator(symmetric(data.train_matrix()), CPU)
    ours = propagate(graph, states[: data.n_users], states[data.n_users :], layers)[:2]
    return max(float((a / (layers + 1) - b).abs().max()) for a, b in zip(ours, theirs, strict=True))


def synthetic(n_users: int, n_items: int, seed: int = SEED) -> Interactions:
    """As on a short-video service most users have two or three pairs and a few have hundreds.

    Half of what they take is of their taste, the rest is popular; a tenth is held out.
    """
    rng = np.random.default_rng(seed)
    quiet, busy = 1 + rng.poisson(QUIET, n_users), rng.integers(*BUSY, n_users)
    counts = np.where(rng.random(n_users) < BUSY_SHARE, np.minimum(busy, n_items // 4), quiet)
    owners = np.repeat(np.arange(n_users), counts)
    popularity = 1.0 / np.arange(1, n_items + 1) ** 0.7
    items = rng.choice(n_items, size=owners.size, p=popularity / popularity.sum())
    taste = rng.integers(0, TASTES, n_users)[owners]
    own = rng.integers(0, max(n_items // TASTES, 1), owners.size) * TASTES + taste
    items = np.where(rng.random(owners.size) < 0.5, np.minimum(own, n_items - 1), items)
    keys = np.unique(owners * n_items + items)
    pairs = np.stack([keys // n_items, keys % n_items]).astype(np.int32)
    held = rng.random(pairs.shape[1]) < 0.1
    return Interactions(n_users, n_items, pairs[:, ~held], pairs[:, held], np.empty((2, 0), np.int32))


def serve(name: str, data: Interactions, settings: Settings, threads: int, pipe: Connection) -> None:
    """The process of one side: an epoch per message, then what it all came to."""
    torch.set_num_threads(threads)
    side: Side = SIDES[name](data, settings)
    while pipe.recv() == "epoch":
        wall, cpu = time.perf_counter(), time.process_time()
        side.epoch()
        pipe.send((time.perf_counter() - wall, time.process_time() - cpu))
    peak = peak_bytes() / 2**20
    with torch.no_grad():
        users, items = side.tables()
    ranked = rank_tables(users, items, data, "valid", (20,))
    pipe.send((averages(ranked, data, (20,))["recall@20"], peak))


def measure(data: Interactions, settings: Settings, epochs: int, threads: int) -> dict[str, Measured]:
    """Both sides turn by turn; the first epoch warms up and is left out of the times."""
    context = multiprocessing.get_context("spawn")
    pipes = {name: context.Pipe() for name in SIDES}
    processes = [
        context.Process(target=serve, args=(name, data, settings, threads, pipes[name][1]), daemon=True)
        for name in SIDES
    ]
    for process in processes:
        process.start()
    found = {name: Measured() for name in SIDES}
    for turn in range(epochs + 1):
        for name, (pipe, _) in pipes.items():
            pipe.send("epoch")
            wall, cpu = pipe.recv()
            if turn:
                found[name].wall.append(wall)
                found[name].cpu.append(cpu)
    for name, (pipe, _) in pipes.items():
        pipe.send("end")
        found[name].recall, found[name].peak_mib = pipe.recv()
    for process in processes:
        process.join()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--bundle", type=Path, help="folder that holds train.npy; none: synthetic")
    parser.add_argument("--users", type=int, default=9_308)
    parser.add_argument("--items", type=int, default=6_710)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    sizes = arguments.users, arguments.items
    data = load_bundle(arguments.bundle) if arguments.bundle else synthetic(*sizes)
    settings = Settings.model_validate({"model": {"name": "lightgcn"}, "training": {"device": "cpu"}})
    difference = disagreement(data, settings)
    found = measure(data, settings, arguments.epochs, arguments.threads)
    show(found, data, arguments.threads, difference)
    sys.exit(0 if difference <= AGREE else 1)


def show(found: dict[str, Measured], data: Interactions, threads: int, difference: float) -> None:
    size = f"{data.n_users:,} users, {data.n_items:,} items, {data.train.shape[1]:,} pairs"
    load = f"{os.cpu_count()} cores, {threads} threads each, load {os.getloadavg()[0]:.1f}"
    table = Table(title=f"{size}; {load}; propagations differ by {difference:.1e}")
    epochs = len(found["ours"].wall) + 1
    recall = f"recall@20 after {epochs}"
    for column in ("side", "s per epoch", "CPU s", "share of plain", "peak MiB", recall, "all CPU s"):
        table.add_column(column, justify="right")
    plain = statistics.median(found["plain"].cpu)
    for name, side in found.items():
        cpu = statistics.median(side.cpu)
        shown = " ".join(f"{seconds:.2f}" for seconds in side.cpu)
        table.add_row(
            name, f"{statistics.median(side.wall):.2f}", f"{cpu:.2f}", f"{cpu / plain:.2f}",
            f"{side.peak_mib:.0f}", f"{side.recall:.4f}", shown,
        )  # fmt: skip
    Console().print(table)


if __name__ == "__main__":
    main()
