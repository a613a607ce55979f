"""Table "Codes" of RESULTS.md.

.venv/bin/python -m benchmarks.codes [--bundle FOLDER --truth FOLDER] [--seeds 11 12 13]

With a bundle and the truth folder of a demo shop: that shop; always the simulated worlds of the seeds.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import torch
from rich.console import Console

from causalrec.config.model import CodebookSettings, ConfounderSettings
from causalrec.dataset.arrays import Floats, Ints
from causalrec.lab.simulation.simulator import Knobs, simulate
from causalrec.lab.studies.codes import code_rows

CONSOLE = Console(soft_wrap=True, markup=False, highlight=False)
DRAWS = 16


def shop(bundle: Path, truth: Path) -> tuple[dict[str, Floats], Ints]:
    """Modalities of a demo shop's bundle, and the category and brand that its truth names."""
    columns = pq.read_table(truth / "items.parquet", columns=["item_id", "category", "brand"]).to_pydict()
    kinds = zip(columns["category"], columns["brand"], strict=True)
    kind = dict(zip(columns["item_id"], map("/".join, kinds), strict=True))
    items = pq.read_table(bundle / "items.parquet", columns=["item_id"])["item_id"].to_pylist()
    _, cause = np.unique([kind[item] for item in items], return_inverse=True)
    modalities = {name: np.load(bundle / f"{name}.npy").astype(np.float32) for name in ("image", "text")}
    return modalities, cause.astype(np.int32)


def worlds(given: argparse.Namespace) -> Iterator[tuple[str, dict[str, Floats], Ints]]:
    if given.bundle:
        yield "demo shop", *shop(given.bundle, given.truth)
    for seed in given.seeds:
        world = simulate(Knobs(seed=seed))
        yield f"world {seed}", dict(world.data.modalities), world.truth.confounder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--bundle", type=Path)
    parser.add_argument("--truth", type=Path)
    parser.add_argument("--seeds", type=int, nargs="*", default=[11, 12, 13])
    parser.add_argument("--method", default="auto")
    given = parser.parse_args()
    torch.set_num_threads(1)
    settings = ConfounderSettings(method=given.method), CodebookSettings()
    CONSOLE.print("| where | codes from | codes used | NMI | ARI | items that share a code (median) |")
    CONSOLE.print("|---|---|---|---|---|---|")
    for name, modalities, cause in worlds(given):
        for row in code_rows(modalities, cause, settings, DRAWS, 7):
            cells = f"{row.used} | {row.nmi:.3f} | {row.ari:.3f} | {row.items:.0f}"
            CONSOLE.print(f"| {name} | {row.kind} | {cells} |")


if __name__ == "__main__":
    main()
