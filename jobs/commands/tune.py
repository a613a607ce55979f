"""``causalrec tune``: settings for this shop, chosen on validation within a budget of minutes."""

import datetime as dt
import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from causalrec.config import Settings
from causalrec.dataset.arrays import Interactions
from causalrec.dataset.bundle import load_bundle
from causalrec.dataset.load import newest_dataset
from causalrec.errors import SettingsError
from causalrec.run import open_lake
from jobs._stage.runner import shop_settings
from jobs._stage.tuning import search
from jobs.commands._shared.options import DAY, SettingsFile, a_path, day


def tune(
    minutes: Annotated[float, typer.Option(help="Time to spend.")] = 30.0,
    ds: Annotated[
        dt.date | None,
        typer.Option(parser=day, metavar=DAY, help="Dataset of this date (default: the newest)."),
    ] = None,
    bundle: Annotated[
        Path | None,
        typer.Option(
            parser=a_path, metavar="FOLDER", help="Folder of .npy arrays, instead of the shop's dataset."
        ),
    ] = None,
    settings_file: SettingsFile = None,
) -> int:
    """Search, log to MLflow, write the page and the settings that training uses from then on."""
    if minutes <= 0:
        raise SettingsError(f"--minutes {minutes:g}", do="give a number of minutes above 0")
    if ds is not None and bundle is not None:
        raise SettingsError("--ds and --bundle cannot be combined", do="give one of them")
    settings, console = shop_settings(settings_file, tuned=False), Console()
    data, on_day = _data(settings, bundle, ds)
    start, best = time.monotonic(), 0.0
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("first trial", total=60 * minutes)

        def on_epoch(trial: int, value: float) -> None:
            nonlocal best
            best = max(best, value)
            text = f"trial {trial}: {value:.4f}, best {best:.4f}"
            progress.update(task, completed=time.monotonic() - start, description=text)

        def say(line: str) -> None:
            console.print(line, highlight=False, markup=False, soft_wrap=True)

        search(settings, data, on_day, minutes, on_epoch=on_epoch, say=say)
    return 0


def _data(settings: Settings, bundle: Path | None, ds: dt.date | None) -> tuple[Interactions, dt.date]:
    """The pairs to tune on, and their day; test pairs are removed, so that nothing can use them."""
    if bundle is not None:
        # of a bundle, random exposure may be the test
        data, day = replace(load_bundle(bundle), random_exposure=None), dt.date.today()
    else:
        dataset = newest_dataset(settings, open_lake(settings), ds)
        data, day = dataset.data, dataset.ds or dt.date.today()
    return replace(data, test=data.test[:, :0]), day
