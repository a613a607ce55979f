"""Tables "Lists from behaviour" of RESULTS.md: each list beside its plain rivals.

    python -m benchmarks.lists [complements carts trends repeats audiences] [--seeds 611 612] [--users 2000]
    python -m benchmarks.lists repeats --purchases FILE    # Parquet: user_id, item_id, event_time

Without names all of them, in generated shops. One row per shop, or per shop and effect.
"""

import argparse
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

import torch
from rich.console import Console

from benchmarks.list_audiences import audience_rows
from benchmarks.list_pairs import cart_rows, complement_rows
from benchmarks.list_times import log_rows, repeat_rows, trend_rows
from causalrec.config.spark import SparkSettings
from causalrec.lake.session import spark_session

CONSOLE = Console(soft_wrap=True, markup=False, highlight=False)
Rows = Iterator[tuple[object, ...]]
HEADS = {
    "complements": "seed | effect | list | companion first | in the list | rows listed | of them true",
    "carts": "seed | carts | list | carts with a list | held-out item first | in the list | true chance",
    "trends": "seed | list | items | next days over expected | share that rose",
    "repeats": "seed | repeats | list | first | in the list",
    "audiences": "seed | items | list | true chance of a response",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("kinds", nargs="*", metavar="list", choices=[*HEADS, []])
    parser.add_argument("--seeds", type=int, nargs="*", default=[611, 612])
    parser.add_argument("--users", type=int, default=2_000)
    parser.add_argument("--purchases", type=Path)
    given = parser.parse_args()
    torch.set_num_threads(1)
    with spark_session(SparkSettings(), "benchmark of lists") as spark:
        makers: dict[str, Callable[[int], Rows]] = {
            "complements": lambda seed: complement_rows(spark, seed, given.users),
            "carts": lambda seed: cart_rows(spark, seed, given.users),
            "trends": lambda seed: trend_rows(spark, seed, given.users),
            "repeats": lambda seed: repeat_rows(spark, seed),
            "audiences": audience_rows,
        }
        if given.purchases:
            makers["repeats"] = lambda seed: log_rows(spark, given.purchases)
        for kind in given.kinds or HEADS:
            once = kind == "repeats" and given.purchases
            _table(HEADS[kind], map(makers[kind], given.seeds[:1] if once else given.seeds))


def _table(head: str, shops: Iterator[Rows]) -> None:
    CONSOLE.print(f"| {head} |")
    CONSOLE.print("|---" * (head.count("|") + 1) + "|")
    for row in chain.from_iterable(shops):
        CONSOLE.print(f"| {' | '.join(map(_cell, row))} |")


def _cell(value: object) -> str:
    return (
        f"{value:.3f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
    )


if __name__ == "__main__":
    main()
