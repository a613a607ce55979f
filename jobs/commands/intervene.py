"""``causalrec intervene``: a bundle split anew so that its test set does not favour popular items."""

import argparse
from pathlib import Path

from rich.console import Console

from causalrec.lab.intervened import INTERVENED_SHARE, intervened_bundle

SEED = 7


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The arguments of the command."""
    parser = subparsers.add_parser("intervene", help="a bundle with the intervened split, for bench")
    parser.add_argument("bundle", type=Path, metavar="DIR", help="folder that holds train.npy")
    parser.add_argument("out", type=Path, metavar="OUT", help="new folder; must not exist")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument(
        "--share", type=float, default=INTERVENED_SHARE, help="of records drawn evenly across items"
    )
    parser.set_defaults(run=intervene)


def intervene(arguments: argparse.Namespace, console: Console) -> int:
    """Write the bundle, say how large its parts are."""
    data = intervened_bundle(arguments.bundle, arguments.out, arguments.seed, arguments.share)
    sizes = ", ".join(f"{getattr(data, part).shape[1]:,} {part}" for part in ("train", "valid", "test"))
    console.print(f"{arguments.out}: {sizes}", highlight=False)
    return 0
