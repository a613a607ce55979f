"""Searches the space that a model declares (``Recommender.space``) on validation, within a budget of minutes.

Trials are kept in an SQLite file under a name that stands for data, settings, space and code: a search that
was stopped goes on where it was, and another one starts afresh. The first trial is the settings as they are,
so that what is chosen is never worse on validation; then come settings that did well elsewhere. Later ones
come from a tree-structured Parzen estimator (Bergstra et al., NeurIPS 2011), and a trial that is below the
median of the others at the same epoch ends there.
"""

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import optuna
from optuna.trial import FrozenTrial, TrialState

from causalrec.code import code_hash
from causalrec.config import Settings
from causalrec.config.bench import Value
from causalrec.config.override import overridden
from causalrec.dataset.arrays import Interactions
from causalrec.errors import TrainingError
from causalrec.lab.tuning.data import content_hash
from causalrec.metrics.ranking import Split
from causalrec.training.factory import build_recommender
from causalrec.training.judge import ValidationJudge, selection_value

STARTUP_TRIALS = 8  # drawn at random before the estimator has anything to go by
JUDGED_ON: Split = "valid"

OnEpoch = Callable[[int, float], None]  # trial, its newest value


@dataclass(frozen=True)
class Trial:
    """One setting that was tried.

    Attributes:
        state: ``complete``, ``pruned`` or ``fail``.
        value: of validation; of the last epoch seen where the trial was pruned, None where there was none.
    """

    number: int
    state: str
    value: float | None
    seconds: float
    change: Mapping[str, Value]


@dataclass(frozen=True)
class Tuning:
    """What a search found.

    Attributes:
        change: dotted path of a setting -> value, of the best complete trial.
        value: of that trial. before: of the settings as they were, None where that trial did not finish.
    """

    change: Mapping[str, Value]
    value: float
    before: float | None
    trials: tuple[Trial, ...]


def tune(
    data: Interactions,
    base: Settings,
    minutes: float,
    storage: Path,
    *,
    on_epoch: OnEpoch | None = None,
    on_trial: Callable[[Trial], None] | None = None,
) -> Tuning:
    """Tries settings of the model ``base.model.name`` until the budget is spent or the space is exhausted.

    Args:
        storage: SQLite file of the trials; several searches may share it, one process at a time.
        on_epoch, on_trial: told of every validated epoch, and of every trial that ended.

    Raises:
        TrainingError: there is nothing to choose on or no trial finished.
    """
    if data.valid.shape[1] == 0:
        raise TrainingError("there are no validation pairs to tune on", do="use a dataset that has some")
    space = choices(base)
    study = _study(data, base, space, storage)
    search = _Search(data, base, space, time.monotonic() + 60 * minutes, on_epoch)

    def ended(_: optuna.Study, trial: FrozenTrial) -> None:
        if on_trial is not None:
            on_trial(_trial(trial))
        if len(_tried(study)) >= search.size:
            study.stop()

    if len(_tried(study)) < search.size:
        study.optimize(search, timeout=60 * minutes, callbacks=[ended], catch=(TrainingError,))
    return _found(study, minutes)


def choices(base: Settings) -> dict[str, tuple[Value, ...]]:
    """The space of the model, with the present value of every setting among its values."""
    space = build_recommender(base).space
    tree = base.model_dump()
    return {path: tuple(dict.fromkeys((_at(tree, path), *values))) for path, values in space.items()}


def _at(tree: Mapping[str, object], path: str) -> Value:
    value: object = tree
    for key in path.split("."):
        value = value[key] if isinstance(value, Mapping) else None
    if not isinstance(value, bool | int | float | str):
        raise TypeError(f"{path} is no single value")
    return value


def _study(
    data: Interactions, base: Settings, space: Mapping[str, tuple[Value, ...]], storage: Path
) -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    storage.parent.mkdir(parents=True, exist_ok=True)
    what = [content_hash(data), base.model.model_dump_json(), base.training.model_dump_json()]
    what += [json.dumps(space), code_hash("causalrec.training.factory")]
    study = optuna.create_study(
        study_name=hashlib.sha256("\n".join(what).encode()).hexdigest()[:20],
        storage=f"sqlite:///{storage.absolute()}",
        load_if_exists=True,
        direction="maximize",
        pruner=optuna.pruners.MedianPruner(n_startup_trials=STARTUP_TRIALS // 2),
    )
    for trial in study.get_trials(states=(TrialState.RUNNING,)):  # of a process that was killed
        study.tell(trial.number, state=TrialState.FAIL)
    seed = base.training.seed + len(study.trials)  # else a search that goes on would draw the same again
    study.sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=STARTUP_TRIALS)
    if not study.trials:
        present = {path: values[0] for path, values in space.items()}
        for start in ({}, *build_recommender(base).starts):
            study.enqueue_trial(present | {path: value for path, value in start.items() if path in space})
    return study


class _Search:
    """The objective: fit on the training pairs, value on the validation pairs."""

    def __init__(
        self,
        data: Interactions,
        base: Settings,
        space: Mapping[str, tuple[Value, ...]],
        deadline: float,
        on_epoch: OnEpoch | None,
    ) -> None:
        self.data, self.base, self.space = data, base, space
        self.deadline, self.on_epoch = deadline, on_epoch
        self.judge = ValidationJudge(base.training)
        self.size = 1
        for values in space.values():
            self.size *= len(values)

    def __call__(self, trial: optuna.Trial) -> float:
        change = {path: _suggested(trial, path, values) for path, values in self.space.items()}
        settings = overridden(self.base, (change,), f"trial {trial.number}")

        def watch(epoch: int, metrics: dict[str, float]) -> None:
            if time.monotonic() > self.deadline:
                raise optuna.TrialPruned
            value = epoch_value(metrics, self.base.training.select_on)
            if value is None:
                return
            trial.report(value, epoch)
            if self.on_epoch is not None:
                self.on_epoch(trial.number, value)
            if trial.should_prune():
                raise optuna.TrialPruned

        recommender = build_recommender(settings)
        recommender.fit(self.data, progress=watch)
        return self.judge(recommender.score, self.data)


def _suggested(trial: optuna.Trial, path: str, values: tuple[Value, ...]) -> Value:
    value: Value = trial.suggest_categorical(path, cast("tuple[Any, ...]", values))
    return value


def epoch_value(metrics: Mapping[str, float], select_on: str) -> float | None:
    """The value of an epoch that was validated; None of one that was not."""
    if "valid" in metrics:
        return metrics["valid"]
    return selection_value(metrics, select_on) if set(select_on.split("+")) <= set(metrics) else None


def _tried(study: optuna.Study) -> set[str]:
    """Settings that need no further trial."""
    ended = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))
    return {json.dumps(trial.params, sort_keys=True) for trial in ended}


def _trial(trial: FrozenTrial) -> Trial:
    seconds = trial.duration.total_seconds() if trial.duration is not None else 0.0
    reached = trial.intermediate_values
    value = trial.value if trial.value is not None else reached[max(reached)] if reached else None
    return Trial(trial.number, trial.state.name.lower(), value, seconds, dict(trial.params))


def _found(study: optuna.Study, minutes: float) -> Tuning:
    trials = tuple(_trial(trial) for trial in study.trials if trial.state.is_finished())
    complete = [trial for trial in trials if trial.state == "complete" and trial.value is not None]
    if not complete:
        raise TrainingError(
            f"no trial finished within {minutes:g} minutes", do="give the search more minutes"
        )
    best = max(complete, key=lambda trial: trial.value or 0.0)
    before = next((trial.value for trial in complete if trial.number == 0), None)
    return Tuning(best.change, best.value or 0.0, before, trials)
