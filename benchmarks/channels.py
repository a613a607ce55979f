"""Table "Cross-modal channel" of RESULTS.md.

.venv/bin/python -m benchmarks.channels [BUNDLE ...] [--seed 7] [--always]

BUNDLE: a folder with .npy modalities, or ``bent`` for the generated catalogue. ``--always`` tries networks
however few the items are.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from rich.console import Console

from causalrec.config.model import ConfounderSettings
from causalrec.lab.studies.channels import ChannelRow, bent_catalogue, channel_rows

CONSOLE = Console(soft_wrap=True, markup=False, highlight=False)
MODALITIES = ("image", "text", "audio")
BENT_ITEMS = 6_000


def modalities_of(bundle: str) -> dict[str, np.ndarray]:
    """The .npy modalities of a bundle, float32."""
    if bundle == "bent":
        return bent_catalogue(BENT_ITEMS, 7)
    files = {name: Path(bundle) / f"{name}.npy" for name in MODALITIES}
    return {name: np.load(file).astype(np.float32) for name, file in files.items() if file.exists()}


def line(bundle: str, row: ChannelRow) -> str:
    """One row of the table."""
    cells = [
        f"{row.judged[way].explained:.3f} / {row.judged[way].density:.1f}" if way in row.judged else "-"
        for way in ("ridge", "cca", "mlp", "diffusion")
    ]
    return f"| {bundle}: {row.modality} | {row.items} | {' | '.join(cells)} | {row.way} | {row.seconds:.0f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("bundles", nargs="+")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--always", action="store_true")
    given = parser.parse_args()
    torch.set_num_threads(1)
    settings = ConfounderSettings(**({"items_per_direction": 0} if given.always else {}))
    CONSOLE.print(
        "| modality given the others | items | ridge | CCA | MLP | diffusion | auto takes | CPU s |"
    )
    CONSOLE.print("|---|---|---|---|---|---|---|---|")
    for bundle in given.bundles:
        for row in channel_rows(modalities_of(bundle), settings, given.seed):
            CONSOLE.print(line(Path(bundle).name, row))


if __name__ == "__main__":
    main()
