"""``causalrec intervene``: splits a bundle so that its test set does not favour popular items."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from causalrec.lab.benchmark.intervened import INTERVENED_SHARE, intervened_bundle
from jobs.commands._shared.options import a_path

SEED = 7


def intervene(
    bundle: Annotated[
        Path, typer.Argument(parser=a_path, metavar="DIR", help="Folder that holds train.npy.")
    ],
    out: Annotated[Path, typer.Argument(parser=a_path, metavar="OUT", help="New folder; must not exist.")],
    seed: Annotated[int, typer.Option(help="Of the draw.")] = SEED,
    share: Annotated[
        float, typer.Option(help="Share of the records that is drawn evenly across items.")
    ] = INTERVENED_SHARE,
) -> int:
    """Write the bundle and print the sizes of its parts."""
    data = intervened_bundle(bundle, out, seed, share)
    sizes = ", ".join(f"{getattr(data, part).shape[1]:,} {part}" for part in ("train", "valid", "test"))
    Console().print(f"{out}: {sizes}", highlight=False)
    return 0
