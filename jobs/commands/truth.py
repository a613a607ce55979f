"""``causalrec truth``: models against the truth of a generated shop."""

import datetime as dt
from typing import Annotated

import typer
from rich.console import Console

from causalrec.config import Settings
from causalrec.dataset.load import Dataset, load_dataset
from causalrec.errors import DatasetError
from causalrec.lab.truth import Scores, TruthRow, shop_truth, truth_rows
from causalrec.lab.truth_models import registered, trained
from causalrec.lab.variants import VARIANTS
from causalrec.registry.store import connect, store_exists
from causalrec.registry.versions import Alias, by_alias, opened
from causalrec.run import open_lake
from jobs._runner import shop_settings
from jobs._tables import Table
from jobs.commands._options import DAY, SettingsFile, day, one_of


def truth(
    ds: Annotated[
        dt.date | None,
        typer.Option(parser=day, metavar=DAY, help="Dataset of this date (default: the newest)."),
    ] = None,
    alias: Annotated[Alias, typer.Option(help="Registered model to read.")] = "champion",
    train: Annotated[
        list[str] | None,
        typer.Option(
            parser=one_of(sorted(VARIANTS)),
            metavar="MODEL",
            help=f"Train these now instead of reading a registered model: {', '.join(sorted(VARIANTS))}.",
        ),
    ] = None,
    settings_file: SettingsFile = None,
) -> int:
    """Find or train the models, compare them with the truth, print the table."""
    settings, console = shop_settings(settings_file), Console()
    dataset = _dataset(settings, ds)
    known = shop_truth(settings.source, dataset.user_ids, dataset.item_ids)
    models = (
        {name: trained(VARIANTS[name], settings, dataset.data) for name in dict.fromkeys(train)}
        if train
        else _registered(settings, dataset, alias)
    )
    console.print(truth_table(truth_rows(known, dataset.data, models)))
    return 0


def truth_table(rows: tuple[TruthRow, ...]) -> Table:
    """The rows with intervals, for the terminal."""
    table = Table(title="NDCG@20 of unseen items against the truth of the shop")
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


def _dataset(settings: Settings, ds: dt.date | None) -> Dataset:
    lake = open_lake(settings)
    if ds is None:
        table = lake.table("datasets")
        dates = [part["ds"] for part in table.partitions()] if table.exists() else []
        if not dates:
            raise DatasetError(
                f"there is no dataset under {settings.lake_root}", do="run build_dataset first"
            )
        ds = dt.date.fromisoformat(max(dates))
    return load_dataset(settings, lake, ds)
