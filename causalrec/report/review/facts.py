"""The inputs of the review page. The job gathers them, since registry and report do not import each other."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from causalrec.dataset.load import Dataset
from causalrec.metrics.ranking import Score
from causalrec.model.base import ServingTables
from causalrec.model.worth import ModuleWorth
from causalrec.report.truth import TruthLine

Decision = Literal["promote", "keep", "reject"]


@dataclass(frozen=True)
class CheckLine:
    """One check of the gate."""

    name: str
    status: Literal["pass", "warn", "fail"]
    value: float | None
    threshold: float | None
    text: str


@dataclass(frozen=True)
class GateOutcome:
    """The gate's decision on the version."""

    decision: Decision
    why: str
    checks: tuple[CheckLine, ...]


@dataclass(frozen=True)
class RankingSide:
    """One ranking: its label, and its scores in the numbering of the reviewed dataset."""

    label: str
    score: Score


@dataclass(frozen=True)
class TrainingRun:
    """What MLflow records about the run that made the version.

    Attributes:
        curves: metric -> (step, value), in the order of steps.
        lineage, cost: names and values.
    """

    curves: Mapping[str, tuple[tuple[int, float], ...]] = field(default_factory=dict)
    best_epoch: int | None = None
    lineage: Mapping[str, str] = field(default_factory=dict)
    cost: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Reviewed:
    """One version under review.

    Attributes:
        version, model: the version and the kind of its model. metric: the gate's deciding metric.
        challenger: its own ranking. opponent: the ranking it would replace: the champion's, else a
            baseline's.
        tables: its factorised form in the dataset's numbering; None if the model has none.
        worth: what each of its modules was measured to add.
        truth: it and others against the truth; empty for a shop whose truth is unknown.
    """

    ds: dt.date
    version: str
    model: str
    metric: str
    verdict: GateOutcome
    dataset: Dataset
    challenger: RankingSide
    opponent: RankingSide
    tables: ServingTables | None
    run: TrainingRun
    worth: tuple[ModuleWorth, ...] = ()
    truth: tuple[TruthLine, ...] = ()
