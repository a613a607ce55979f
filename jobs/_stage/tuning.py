"""A search for better settings of a shop: trials in MLflow, a page, and the file that training reads."""

import datetime as dt
from collections.abc import Callable
from dataclasses import asdict

from causalrec.config import Settings
from causalrec.config.tuned import Tuned, write_tuned
from causalrec.dataset.arrays import Interactions
from causalrec.lab.tuning.search import OnEpoch, Trial, Tuning, tune
from causalrec.registry.tuning_runs import tuning_run
from causalrec.report.page import Page
from causalrec.report.tuning import TrialLine, tuning_page

TRIALS = "tuning.db"


def search(
    settings: Settings,
    data: Interactions,
    day: dt.date,
    minutes: float,
    *,
    on_epoch: OnEpoch,
    say: Callable[[str], None],
) -> Tuning:
    """Searches for ``minutes`` and stores the result, which training uses from then on.

    Args:
        data: without test pairs, so that nothing can use them. day: of the data.

    Raises:
        TrainingError: there is no data to choose on, or no trial finished.
        RegistryError: MLflow does not respond.
    """
    with tuning_run(settings, f"tuning of {settings.model.name}") as log:

        def on_trial(trial: Trial) -> None:
            log(trial.number, trial.state, trial.value, trial.seconds, trial.change)

        storage = settings.paths.work / TRIALS
        found = tune(data, settings, minutes, storage, on_epoch=on_epoch, on_trial=on_trial)
    page, file = _kept(settings, found, day)
    say(told(found))
    say(f"written: {file}, {page}")
    return found


def told(found: Tuning) -> str:
    """One line about the result."""
    before = "not finished" if found.before is None else f"{found.before:.4f}"
    return f"{found.metric} {found.value:.4f}, before {before}, {len(found.trials)} trials"


def _kept(settings: Settings, found: Tuning, day: dt.date) -> tuple[Page, str]:
    lines = [TrialLine(**asdict(trial)) for trial in found.trials]
    page = tuning_page(
        settings,
        chosen=found.change,
        metric=found.metric,
        value=found.value,
        before=found.before,
        trials=lines,
    )
    kept = Tuned(settings.model.name, day, found.change, told(found))
    return page, write_tuned(settings.store, kept)
