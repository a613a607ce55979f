"""``causalrec tune``: settings for this shop, chosen on validation within a budget of minutes."""

import datetime as dt
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from causalrec.config import Settings
from causalrec.config.tuned import write_tuned
from causalrec.dataset.arrays import Interactions
from causalrec.dataset.bundle import load_bundle
from causalrec.dataset.load import newest_dataset
from causalrec.errors import SettingsError
from causalrec.lab.tuning.search import Trial, Tuning
from causalrec.lab.tuning.search import tune as search
from causalrec.registry.tuning_runs import tuning_run
from causalrec.report.tuning import TrialLine, tuning_page
from causalrec.run import open_lake
from jobs._stage.runner import shop_settings
from jobs.commands._shared.options import DAY, SettingsFile, day

TRIALS = "tuning.db"


def tune(
    minutes: Annotated[float, typer.Option(help="Time to spend.")] = 30.0,
    ds: Annotated[
        dt.date | None,
        typer.Option(parser=day, metavar=DAY, help="Dataset of this date (default: the newest)."),
    ] = None,
    bundle: Annotated[
        Path | None, typer.Option(help="Folder of .npy arrays, instead of the shop's dataset.")
    ] = None,
    settings_file: SettingsFile = None,
) -> int:
    """Search, log to MLflow, write the page and the settings that training uses from then on."""
    if minutes <= 0:
        raise SettingsError(f"--minutes {minutes:g}", do="give a time above zero")
    if ds is not None and bundle is not None:
        raise SettingsError("--ds and --bundle exclude each other", do="give one of them")
    settings, console = shop_settings(settings_file, tuned=False), Console()
    data = _data(settings, bundle, ds)
    name = f"tuning of {settings.model.name}"
    with ExitStack() as stack:
        log = stack.enter_context(tuning_run(settings, name))

        def on_trial(trial: Trial) -> None:
            log(trial.number, trial.state, trial.value, trial.seconds, trial.change)

        found = _searched(settings, data, minutes, on_trial, console)
    _report(settings, found, console)
    return 0


def _searched(
    settings: Settings,
    data: Interactions,
    minutes: float,
    on_trial: Callable[[Trial], None],
    console: Console,
) -> Tuning:
    start, best = time.monotonic(), 0.0
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("first trial", total=60 * minutes)

        def on_epoch(trial: int, value: float) -> None:
            nonlocal best
            best = max(best, value)
            text = f"trial {trial}: {value:.4f}, best {best:.4f}"
            progress.update(task, completed=time.monotonic() - start, description=text)

        storage = settings.paths.work / TRIALS
        return search(data, settings, minutes, storage, on_epoch=on_epoch, on_trial=on_trial)


def _report(settings: Settings, found: Tuning, console: Console) -> None:
    lines = [TrialLine(**asdict(trial)) for trial in found.trials]
    page = tuning_page(settings, chosen=found.change, value=found.value, before=found.before, trials=lines)
    before = "not finished" if found.before is None else f"{found.before:.4f}"
    told = (
        f"causalrec tune, {dt.date.today()}: validation {settings.training.select_on} {found.value:.4f}, "
        f"before {before}, {len(found.trials)} trials"
    )
    file = write_tuned(settings.paths.work, settings.model.name, found.change, told)
    console.print(told, highlight=False)
    console.print(f"written: {file}, {page}", highlight=False, soft_wrap=True)


def _data(settings: Settings, bundle: Path | None, ds: dt.date | None) -> Interactions:
    """The pairs to tune on; test pairs are taken out, so that nothing can look at them."""
    if bundle is not None:
        data = load_bundle(bundle)
    else:
        data = newest_dataset(settings, open_lake(settings), ds).data
    return replace(data, test=data.test[:, :0], random_exposure=None)
