"""Pictures and texts to vectors here against plain loops on the same weights and files.

    python benchmarks/features.py [--pictures FOLDER] [--texts FILE.csv] [--count 192] [--rounds 3]

Every contender lives in a process of its own with one thread, and they take turns; the first round warms up
and is left out. CPU seconds are medians, the cosine is the least over all rows against the plain loop in
32 bit. ``ours`` goes through the task that Spark workers run, with hashing and checks. Back ends that are not
installed are shown with the reason. Without files, both are drawn.
"""

import argparse
import multiprocessing
import os
import statistics
import sys
import time
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.feature_data import Corpus, corpus
from benchmarks.feature_runtimes import Missing
from benchmarks.feature_sides import GROUPS, SIDES
from causalrec.features.encoders.onnx import agreement
from causalrec.training.peak import peak_bytes


@dataclass
class Measured:
    """Of one side: seconds of every round after the first, vectors, peak memory, or why it was left out."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    vectors: npt.NDArray[np.float32] | None = None
    peak_mib: float = 0.0
    missing: str = ""


def serve(name: str, data: Corpus, pipe: Connection) -> None:
    """The process of one side: a round per message, then its vectors and its peak memory."""
    import torch

    torch.set_num_threads(1)
    try:
        side = SIDES[name](data)
    except Missing as missing:
        pipe.send(str(missing))
        return
    pipe.send("")
    vectors = None
    while pipe.recv() == "round":
        wall, cpu = time.perf_counter(), time.process_time()
        vectors = side()
        pipe.send((time.perf_counter() - wall, time.process_time() - cpu))
    pipe.send((vectors, peak_bytes() / 2**20))


def measure(names: list[str], data: Corpus, rounds: int) -> dict[str, Measured]:
    """All sides of a group turn by turn."""
    context = multiprocessing.get_context("spawn")
    found = {name: Measured() for name in names}
    pipes: dict[str, Connection] = {}
    processes = []
    for name in names:
        ours, theirs = context.Pipe()
        process = context.Process(target=serve, args=(name, data, theirs), daemon=True)
        process.start()
        processes.append(process)
        theirs.close()
        found[name].missing = ours.recv()
        if not found[name].missing:
            pipes[name] = ours
    for turn in range(rounds + 1):
        for name, pipe in pipes.items():
            pipe.send("round")
            wall, cpu = pipe.recv()
            if turn:
                found[name].wall.append(wall)
                found[name].cpu.append(cpu)
    for name, pipe in pipes.items():
        pipe.send("end")
        found[name].vectors, found[name].peak_mib = pipe.recv()
    for process in processes:
        process.join()
    return found


def show(title: str, found: dict[str, Measured], rows: int) -> bool:
    """The table of one group; whether every 32 bit side agrees with the plain loop (the first)."""
    base = next(iter(found.values()))
    head = f"{title}, {rows} of them; {os.cpu_count()} cores, 1 thread each, load {os.getloadavg()[0]:.1f}"
    table = Table(title=head)
    for column in ("side", "CPU ms each", "wall ms each", "times as fast", "least cosine", "peak MiB"):
        table.add_column(column, justify="right")
    agrees = True
    for name, side in found.items():
        if side.missing:
            table.add_row(name, side.missing)
            continue
        cpu, wall = statistics.median(side.cpu), statistics.median(side.wall)
        cosine = ""
        if side.vectors is not None and base.vectors is not None:
            least = agreement(side.vectors, base.vectors)
            cosine = f"{least:.5f}"
            agrees &= least >= 0.9999 or "int8" in name or "bf16" in name
        table.add_row(
            name, f"{cpu / rows * 1e3:.2f}", f"{wall / rows * 1e3:.2f}",
            f"{statistics.median(base.cpu) / cpu:.2f}", cosine, f"{side.peak_mib:.0f}",
        )  # fmt: skip
    Console(width=118).print(table)
    return agrees


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--pictures", type=Path, help="folder of JPEG files; none: drawn")
    parser.add_argument("--texts", type=Path, help="CSV with prod_name and detail_desc; none: drawn")
    parser.add_argument("--count", type=int, default=192, help="pictures, and a quarter of the texts")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--groups", nargs="*", default=list(GROUPS), choices=list(GROUPS))
    arguments = parser.parse_args()
    data = corpus(arguments.pictures, arguments.texts, arguments.count)
    agree = True
    for group in arguments.groups:
        found = measure(GROUPS[group], data, arguments.rounds)
        agree &= show(group, found, data.rows(group))
    sys.exit(0 if agree else 1)


if __name__ == "__main__":
    main()
