"""``causalrec truth``: models against the truth of a generated shop."""

import datetime as dt
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console

from causalrec.config import Settings
from causalrec.dataset.load import Dataset, newest_dataset
from causalrec.lab.oracle.models import one_module_off, registered, trained
from causalrec.lab.oracle.truth import Scores, shop_truth, truth_rows
from causalrec.lab.studies.variants import VARIANTS
from causalrec.registry.champion.alias import known_champion
from causalrec.registry.store import connect, store_exists
from causalrec.registry.versions import Alias, by_alias, opened
from causalrec.report.truth import TruthLine
from causalrec.run import open_lake
from jobs._stage.runner import shop_settings
from jobs._terminal.truth import truth_table
from jobs.commands._shared.options import DAY, SettingsFile, day, one_of


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
            help=f"Train these now, instead of reading a registered model: {', '.join(sorted(VARIANTS))}.",
        ),
    ] = None,
    settings_file: SettingsFile = None,
) -> int:
    """Find or train the models, compare them with the truth, print the table."""
    settings, console = shop_settings(settings_file), Console()
    dataset = newest_dataset(settings, open_lake(settings), ds)
    known = shop_truth(settings.source, dataset.user_ids, dataset.item_ids, dataset.ds)
    models = (
        {name: trained(VARIANTS[name], settings, dataset.data) for name in dict.fromkeys(train)}
        if train
        else _registered(settings, dataset, alias)
    )
    rows = truth_rows(known, dataset.data, models)
    console.print(truth_table([TruthLine(**asdict(row)) for row in rows]))
    return 0


def _registered(settings: Settings, dataset: Dataset, alias: Alias) -> dict[str, Scores]:
    """The registered model and the models stored with it; empty if there is none."""
    if alias == "champion":
        version = known_champion(settings, open_lake(settings))
    else:
        version = by_alias(connect(settings), settings, alias) if store_exists(settings) else None
    if version is None:
        return {}
    with opened(version) as package:
        found = registered(package, dataset, f"{alias} (version {version.version})")
        return found | one_module_off(package, dataset)
