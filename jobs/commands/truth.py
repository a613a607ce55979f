"""``causalrec truth``: models against the truth of a generated shop."""

import argparse
import datetime as dt

from rich.console import Console
from rich.table import Table

from causalrec.config import Settings
from causalrec.dataset.load import Dataset, load_dataset
from causalrec.errors import DatasetError
from causalrec.lab.truth import Scores, TruthRow, shop_truth, truth_rows
from causalrec.lab.truth_models import registered, trained
from causalrec.lab.variants import VARIANTS
from causalrec.lake import Lake
from causalrec.registry.store import connect, store_exists
from causalrec.registry.versions import Alias, by_alias, opened
from causalrec.run import open_lake
from jobs._runner import loaded


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
    lake = open_lake(settings)
    ds = arguments.ds or _newest(lake)
    dataset = load_dataset(settings, lake, ds)
    known = shop_truth(settings.source, dataset.user_ids, dataset.item_ids, ds)
    models = (
        {name: trained(VARIANTS[name], settings, dataset.data) for name in dict.fromkeys(arguments.train)}
        if arguments.train
        else _registered(settings, dataset, arguments.alias)
    )
    console.print(truth_table(truth_rows(known, dataset.data, models)))
    return 0


def truth_table(rows: tuple[TruthRow, ...]) -> Table:
    """The rows with intervals, for the terminal."""
    table = Table(title="NDCG@20 of unseen items against the truth of the shop", title_justify="left")
    table.add_column("model")
    for question in ("if shown (factual)", "content alone (do)"):
        table.add_column(question, justify="right")
    for row in rows:
        cells = ((row.factual, row.factual_interval), (row.do, row.do_interval))
        table.add_row(row.model, *(f"{value:.3f} ({low:.3f} to {high:.3f})" for value, (low, high) in cells))
    table.caption = "means over users, intervals of 95 %; the best possible list has 1"
    return table


def _registered(settings: Settings, dataset: Dataset, alias: Alias) -> dict[str, Scores]:
    """The registered model and what it carries along; nothing where there is none."""
    version = by_alias(connect(settings), settings, alias) if store_exists(settings) else None
    if version is None:
        return {}
    with opened(version) as package:
        return registered(package, dataset, f"{alias} (version {version.version})")


def _newest(lake: Lake) -> dt.date:
    table = lake.table("datasets")
    dates = [part["ds"] for part in table.partitions()] if table.exists() else []
    if not dates:
        raise DatasetError("there is no dataset yet", do="run build_dataset first")
    return dt.date.fromisoformat(max(dates))
