"""What every stage of a night costs as a shop grows: seconds, processor seconds and memory.

    python -m benchmarks.growth FOLDER [--users 2000 10000 50000] [--driver-memory 2g] [--stages land …]

A generated shop per size (two items for every five users, four days of about twelve events per user) is
delivered and taken through one night, a process per stage, each shop in a folder of its own in FOLDER.
Figures are kept in FOLDER/growth.jsonl; name the ``--stages`` that are left to go on with a stopped run.
Memory is the largest that was seen four times a second, of the stage's Python, of its JVM and of all its
Python workers together.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from benchmarks.startup import children_seconds
from causalrec.pipeline import NIGHT

ITEMS_PER_USER, DAYS, FIRST_DAY, DS = 0.4, 4, "2026-02-26", "2026-03-01"
INTERVAL = 0.25  # seconds between two looks at the memory
MIB = 2**20
SETTINGS = """
shop = "growth"

[paths]
work = "{work}"

[source]
kind = "demo"
users = {users}
items = {items}
first_day = {first_day}
days = {days}

[spark]
driver_memory = "{memory}"

[gate]
auto_approve = "first"
refuters = []
"""


@dataclass(frozen=True)
class Cost:
    """One stage at one size; memory in MiB."""

    users: int
    stage: str
    status: int
    wall: float
    cpu: float
    driver: float
    jvm: float
    workers: float


def run_stage(users: int, stage: str, environment: dict[str, str], log: Path) -> Cost:
    """Runs ``stage`` to its end and measures it and all processes that it starts."""
    began, before, beside = time.monotonic(), children_seconds(), 0.0
    most = dict.fromkeys(("driver", "jvm", "workers"), 0.0)
    command = [sys.executable, "-m", f"jobs.{stage}", "--ds", DS]
    with log.open("w", encoding="utf-8") as out:
        process = subprocess.Popen(command, env=environment, stdout=out, stderr=subprocess.STDOUT)
        while process.poll() is None:
            spent, held = _family(process.pid)
            beside, most = max(beside, spent), {part: max(most[part], held[part]) for part in most}
            time.sleep(INTERVAL)
    spent = children_seconds() - before + beside
    return Cost(users, stage, process.returncode, time.monotonic() - began, spent, **most)


def _family(root: int) -> tuple[float, dict[str, float]]:
    """Processor seconds of the processes below ``root`` and of those they waited for, and MiB by part.

    Nobody waits for a JVM, so the times of children do not include it. Forked workers share pages, so theirs
    are counted without what is shared.
    """
    spent, found = 0.0, dict.fromkeys(("driver", "jvm", "workers"), 0.0)
    try:
        family = [psutil.Process(root), *psutil.Process(root).children(recursive=True)]
    except psutil.NoSuchProcess:
        return spent, found
    for process in family:
        try:
            if process.pid == root:
                found["driver"] += process.memory_info().rss / MIB
                continue
            spent += sum(process.cpu_times()[:4])
            if process.name() == "java":
                found["jvm"] += process.memory_info().rss / MIB
            else:
                found["workers"] += process.memory_full_info().uss / MIB
        except psutil.Error:
            continue  # it has ended
    return spent, found


def run_shop(users: int, folder: Path, memory: str, stages: Sequence[str], kept: Path) -> list[Cost]:
    """Takes a shop through its night; stops at the first stage that fails."""
    home = folder / str(users)
    (home / "logs").mkdir(parents=True, exist_ok=True)
    settings = home / "settings.toml"
    settings.write_text(
        SETTINGS.format(
            work=home / "work", users=users, items=int(users * ITEMS_PER_USER),
            first_day=FIRST_DAY, days=DAYS, memory=memory,
        ),
        encoding="utf-8",
    )  # fmt: skip
    environment = {**os.environ, "CAUSALREC_SETTINGS": str(settings), "OMP_NUM_THREADS": "1"}
    costs = []
    for stage in stages:
        cost = run_stage(users, stage, environment, home / "logs" / f"{stage}.log")
        costs.append(cost)
        with kept.open("a", encoding="utf-8") as out:
            out.write(json.dumps(asdict(cost)) + "\n")
        if cost.status:
            break
    return costs


def table(costs: Sequence[Cost]) -> Table:
    """A row per stage, columns per size."""
    sizes = list(dict.fromkeys(cost.users for cost in costs))
    found = Table("stage", *(f"{size:,} users: CPU s, wall s, MiB driver / JVM / workers" for size in sizes))
    by = {(cost.users, cost.stage): cost for cost in costs}
    for stage in dict.fromkeys(cost.stage for cost in costs):
        cells = []
        for size in sizes:
            cost = by.get((size, stage))
            cells.append("" if cost is None else _cell(cost))
        found.add_row(stage, *cells)
    return found


def _cell(cost: Cost) -> str:
    failed = f" (exit status {cost.status})" if cost.status else ""
    memory = f"{cost.driver:.0f} / {cost.jvm:.0f} / {cost.workers:.0f}"
    return f"{cost.cpu:.0f}, {cost.wall:.0f}, {memory}{failed}"


def main(argv: list[str] | None = None) -> int:
    """Run the shops one after the other, print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the shops are made; several GiB")
    parser.add_argument("--users", type=int, nargs="+", default=[2_000, 10_000, 50_000], help="sizes")
    parser.add_argument("--driver-memory", default="2g", help="heap of Spark's driver")
    asked_for = [stage.name for stage in NIGHT if stage.kind != "question"]
    parser.add_argument("--stages", nargs="+", default=asked_for, help="stages, in this order")
    asked = parser.parse_args(argv)
    asked.folder.mkdir(parents=True, exist_ok=True)
    costs = []
    for users in asked.users:
        kept = asked.folder.resolve() / "growth.jsonl"
        costs += run_shop(users, asked.folder.resolve(), asked.driver_memory, asked.stages, kept)
    Console(width=200).print(table(costs))
    return int(any(cost.status for cost in costs))


if __name__ == "__main__":
    sys.exit(main())
