"""Searches the space that a model declares (``Recommender.search_space``) within a budget of minutes.

A model that learns from looks is judged on what chance showed, where that was logged: held-out choices prefer
what was shown often. Any other is judged on validation.

Trials are kept in an SQLite file under a name that stands for data, settings, space and code: an interrupted
search continues, and a different one starts afresh. The first trial is the settings as they are, so that what
is chosen is never worse on validation; then come settings that did well elsewhere. Later ones come from a
tree-structured Parzen estimator (Bergstra et al., NeurIPS 2011), and a trial that is below the median of the
others at the same epoch ends there.
"""

import hashlib
import json
import tempfile
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
from causalrec.model.base import Recommender
from causalrec.model.causal.recommender import CausalRecommender
from causalrec.training.factory import build_recommender
from causalrec.training.judge import ValidationJudge, selection_value
from causalrec.training.worth import measured, remembering

METRIC = "metric"  # attribute of a trial
STARTUP_TRIALS = 8  # drawn at random before the estimator has anything to go by

OnEpoch = Callable[[int, float], None]  # trial, its newest value


@dataclass(frozen=True)
class Trial:
    """One setting that was tried.

    Attributes:
        state: ``complete``, ``pruned`` or ``fail``.
        value: what it is judged by; of the last epoch seen where the trial was pruned, None without one.
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
        metric: what the values are, and what they were measured on.
    """

    change: Mapping[str, Value]
    value: float
    before: float | None
    metric: str
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
    space = choices(base, data)
    study = _study(data, base, space, storage)
    with tempfile.TemporaryDirectory(prefix="causalrec-tune-") as folder:
        search = _Search(data, remembering(base, folder), space, time.monotonic() + 60 * minutes, on_epoch)
        _optimize(study, search, minutes, on_trial)
    return _found(study, minutes)


def _optimize(
    study: optuna.Study, search: "_Search", minutes: float, on_trial: Callable[[Trial], None] | None
) -> None:

    def ended(_: optuna.Study, trial: FrozenTrial) -> None:
        if on_trial is not None:
            on_trial(_trial(trial))
        if len(_tried(study)) >= search.size:
            study.stop()

    if len(_tried(study)) < search.size:
        study.optimize(search, timeout=60 * minutes, callbacks=[ended], catch=(TrainingError,))


def choices(base: Settings, data: Interactions) -> dict[str, tuple[Value, ...]]:
    """The space of the model on ``data``, with the present value of every setting among its values."""
    space = build_recommender(base).search_space(data)
    tree = base.model_dump()
    return {path: tuple(dict.fromkeys((_at(tree, path), *values))) for path, values in space.items()}


def _at(tree: Mapping[str, object], path: str) -> Value:
    value: object = tree
    for key in path.split("."):
        value = value[key] if isinstance(value, Mapping) else None
    if not isinstance(value, bool | int | float | str):
        raise TypeError(f"{path} is not a single value")
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
        known = [{path: v for path, v in start.items() if path in space} for start in _starts(base)]
        for start in ({}, *filter(None, known)):
            study.enqueue_trial(present | start)
    return study


def _starts(base: Settings) -> tuple[Mapping[str, Value], ...]:
    return build_recommender(base).starts


class _Search:
    """The objective: fit on the training pairs, value on what no fit has seen."""

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
        value, metric = self._judged(recommender)
        trial.set_user_attr(METRIC, metric)
        if self.on_epoch is not None:
            self.on_epoch(trial.number, value)
        return value

    def _judged(self, recommender: Recommender) -> tuple[float, str]:
        if isinstance(recommender, CausalRecommender) and recommender.responds(self.data):
            values, metric, where = measured(recommender.score, self.data)
            return float(values.mean()), f"{metric} on {where}"
        return self.judge(recommender.score, self.data), f"{self.base.training.select_on} on validation"


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
    metric = study.trials[best.number].user_attrs.get(METRIC, "")
    before = next((trial.value for trial in complete if trial.number == 0), None)
    return Tuning(best.change, best.value or 0.0, before, metric, trials)
