"""``causalrec tune``: settings for this shop, chosen on validation within a budget of minutes."""

import argparse
import datetime as dt
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from causalrec.config import Settings
from causalrec.config.tuned import write_tuned
from causalrec.dataset.arrays import Interactions
from causalrec.dataset.bundle import load_bundle
from causalrec.dataset.load import newest_dataset
from causalrec.errors import SettingsError
from causalrec.lab.tune import Trial, Tuning, tune
from causalrec.lake import Lake
from causalrec.registry.tuning_runs import tuning_run
from causalrec.report.tuning import TrialLine, tuning_page
from jobs._runner import loaded

TRIALS = "tuning.db"


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The arguments of the command."""
    parser = subparsers.add_parser("tune", help="choose settings for this shop on validation")
    parser.add_argument("--settings", help="TOML file of the shop (or CAUSALREC_SETTINGS)")
    parser.add_argument("--minutes", type=float, default=30.0, help="time to spend (default: 30)")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--ds", type=dt.date.fromisoformat, help="dataset of this date (default: the newest)")
    source.add_argument("--bundle", type=Path, help="folder of .npy arrays, instead of the shop's dataset")
    parser.set_defaults(run=command)


def command(arguments: argparse.Namespace, console: Console) -> int:
    """Search, log to MLflow, write the page and the settings that training uses from then on."""
    if arguments.minutes <= 0:
        raise SettingsError(f"--minutes {arguments.minutes:g}", do="give a time above zero")
    settings = loaded(arguments, tuned=False)
    data = _data(settings, arguments)
    name = f"tuning of {settings.model.name}"
    with ExitStack() as stack:
        log = stack.enter_context(tuning_run(settings, name))

        def on_trial(trial: Trial) -> None:
            log(trial.number, trial.state, trial.value, trial.seconds, trial.change)

        found = _searched(settings, data, arguments.minutes, on_trial, console)
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
        return tune(data, settings, minutes, storage, on_epoch=on_epoch, on_trial=on_trial)


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


def _data(settings: Settings, arguments: argparse.Namespace) -> Interactions:
    """The pairs to tune on; test pairs are taken out, so that nothing can look at them."""
    if arguments.bundle is not None:
        data = load_bundle(arguments.bundle)
    else:
        data = newest_dataset(settings, Lake(settings.lake_root, settings.lake), arguments.ds).data
    return replace(data, test=data.test[:, :0], random_exposure=None)
