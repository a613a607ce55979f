"""``causalrec truth``: models against the truth of a generated shop."""

import argparse
import datetime as dt
from dataclasses import asdict

from rich.console import Console

from causalrec.config import Settings
from causalrec.dataset.load import Dataset, newest_dataset
from causalrec.lab.truth import Scores, shop_truth, truth_rows
from causalrec.lab.truth_models import registered, trained
from causalrec.lab.variants import VARIANTS
from causalrec.registry.store import connect, store_exists
from causalrec.registry.versions import Alias, by_alias, opened
from causalrec.report.truth import TruthLine
from causalrec.run import open_lake
from jobs._runner import loaded
from jobs._truth import truth_table


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The arguments of the command."""
    parser = subparsers.add_parser("truth", help="models against the truth of a generated shop")
    parser.add_argument("--settings", help="TOML file of the shop (or CAUSALREC_SETTINGS)")
    parser.add_argument("--ds", type=dt.date.fromisoformat, help="dataset of this date (default: the newest)")
    parser.add_argument("--alias", choices=("champion", "challenger"), default="champion")
    parser.add_argument(
        "--train",
        nargs="+",
        choices=sorted(VARIANTS),
        default=[],
        metavar="MODEL",
        help=f"train these now, instead of reading a registered model, out of {', '.join(sorted(VARIANTS))}",
    )
    parser.set_defaults(run=truth)


def truth(arguments: argparse.Namespace, console: Console) -> int:
    """Find or train the models, compare them with the truth, print the table."""
    settings = loaded(arguments)
    dataset = newest_dataset(settings, open_lake(settings), arguments.ds)
    known = shop_truth(settings.source, dataset.user_ids, dataset.item_ids)
    models = (
        {name: trained(VARIANTS[name], settings, dataset.data) for name in dict.fromkeys(arguments.train)}
        if arguments.train
        else _registered(settings, dataset, arguments.alias)
    )
    rows = truth_rows(known, dataset.data, models)
    console.print(truth_table([TruthLine(**asdict(row)) for row in rows]))
    return 0


def _registered(settings: Settings, dataset: Dataset, alias: Alias) -> dict[str, Scores]:
    """The registered model and what it carries along; nothing where there is none."""
    version = by_alias(connect(settings), settings, alias) if store_exists(settings) else None
    if version is None:
        return {}
    with opened(version) as package:
        return registered(package, dataset, f"{alias} (version {version.version})")
