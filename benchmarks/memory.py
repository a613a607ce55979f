"""What training says it will need, beside what a process really needed at most, and what it took.

    python benchmarks/memory.py [--model response|graph|lightgcn] [--large]

Random shops, each in a process of its own; memory is what the fit adds to a process that holds the data. The
estimate refuses a training that would not fit, so it must be neither far too low nor far too high: within
30 %. ``--large`` adds shops of millions of looks or pairs.
"""

import argparse
import multiprocessing
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))

from causalrec.config import Settings
from causalrec.dataset.arrays import Interactions, Looks

SIZES = {
    "response": ((5_000, 1_000, 60_000), (10_000, 2_000, 150_000), (30_000, 5_000, 500_000)),
    "graph": ((10_000, 5_000, 100_000), (40_000, 20_000, 200_000), (80_000, 40_000, 500_000)),
}
SIZES["lightgcn"] = SIZES["graph"]
LARGE = {
    "response": ((100_000, 20_000, 2_000_000), (250_000, 50_000, 6_000_000)),
    "graph": ((100_000, 50_000, 1_000_000), (250_000, 100_000, 5_000_000)),
}
LARGE["lightgcn"] = LARGE["graph"]
SWEEPS, EPOCHS = 24, 2
HELD_OUT, RESPONSES, CARTS = 1_000, 0.2, 0.4
MIB = 2**20


def shop(users: int, items: int, looks: int, held_out: int = HELD_OUT) -> Interactions:
    """Random looks at random items in two strata; a fifth of them were answered."""
    rng = np.random.default_rng(0)
    keys = np.unique(rng.integers(0, users * items, looks))
    own, other = (keys // items).astype(np.int32), (keys % items).astype(np.int32)
    clicked = (rng.random(keys.size) < RESPONSES).astype(np.int32)
    reached = np.stack([clicked, clicked * (rng.random(keys.size) < CARTS)]).astype(np.int32)
    missing, ones = np.full(keys.size, np.nan, np.float32), np.ones(keys.size, np.float32)
    logged = Looks(
        own, other, rng.integers(0, 2, keys.size).astype(np.int32), np.ones(keys.size, np.int32), reached,
        missing, ones, ("view", "cart"), ("ranked", "ranked"), np.array([2, 8], np.float32),
        np.zeros(2, bool),
    )  # fmt: skip
    chosen = rng.permutation(np.stack([own, other])[:, clicked > 0], axis=1)
    splits = chosen[:, 2 * held_out :], chosen[:, :held_out], chosen[:, held_out : 2 * held_out]
    return Interactions(users, items, *splits, looks=logged)


def pairs_of(users: int, items: int, pairs: int) -> Interactions:
    """Random pairs, nothing else."""
    rng = np.random.default_rng(0)
    keys = rng.permutation(np.unique(rng.integers(0, users * items, pairs)))
    chosen = np.stack([keys // items, keys % items]).astype(np.int32)
    return Interactions(users, items, chosen[:, HELD_OUT:], chosen[:, :HELD_OUT], chosen[:, :0])


def measure(model: str, size: tuple[int, int, int], pipe: Connection) -> None:
    """Sends estimate and peak in MiB, and processor seconds per sweep or epoch, preparation included."""
    from causalrec.training.device import estimate_bytes
    from causalrec.training.factory import build_recommender
    from causalrec.training.peak import peak_bytes
    from causalrec.training.response_memory import response_bytes

    training = {"device": "cpu", "epochs": EPOCHS, "evaluate_every": 1, "batch": 32_768}
    name = "lightgcn" if model == "lightgcn" else "causal"
    short = {"response": {"sweeps": SWEEPS}, "topology": {"warmup": 1, "refresh_every": 1}}
    settings = Settings.model_validate({"model": {"name": name, **short}, "training": training})
    data = shop(*size) if model == "response" else pairs_of(*size)
    if model == "response" and data.looks is not None:
        said = response_bytes(data, data.looks, settings.model.response)
    else:
        said = estimate_bytes(data, settings.model, settings.training)
    before, began = peak_bytes(), time.process_time()
    build_recommender(settings).fit(data)
    spent = (time.process_time() - began) / (SWEEPS if model == "response" else EPOCHS)
    pipe.send((said / MIB, (peak_bytes() - before) / MIB, spent))


def main() -> None:
    """One row per size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=sorted(SIZES), action="append")
    parser.add_argument("--large", action="store_true", help="also millions of looks or pairs")
    asked = parser.parse_args()
    table = Table(
        "model", "users", "items", "looks or pairs", "estimate MiB", "peak MiB", "estimate / peak",
        "CPU s a sweep or epoch",
    )  # fmt: skip
    context = multiprocessing.get_context("spawn")
    for model in asked.model or SIZES:
        for size in SIZES[model] + (LARGE[model] if asked.large else ()):
            ours, theirs = context.Pipe(duplex=False)
            child = context.Process(target=measure, args=(model, size, theirs))
            child.start()
            theirs.close()
            said, used, spent = ours.recv()
            child.join()
            table.add_row(
                model, *(f"{n:,}" for n in size),
                f"{said:,.0f}", f"{used:,.0f}", f"{said / used:.2f}", f"{spent:.2f}",
            )  # fmt: skip
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
