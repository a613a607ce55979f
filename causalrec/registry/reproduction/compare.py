"""The result of a reproduction: the registered and the retrained version side by side, and a verdict."""

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

from causalrec.dataset.load import Dataset
from causalrec.metrics.evaluate import MetricRow, evaluate_all
from causalrec.metrics.ranking import Split
from causalrec.registry.gate.scores import score_on
from causalrec.registry.package import ModelPackage
from causalrec.registry.reproduction.alike import Likeness
from causalrec.registry.reproduction.environment import Difference
from causalrec.registry.versions import ModelVersion

Verdict = Literal["exact", "close", "different"]


@dataclass(frozen=True)
class Metric:
    """A metric of the registered model, from its evaluation (None: never evaluated), and of the new one."""

    split: str
    name: str
    logged: float | None
    registered: float
    retrained: float


@dataclass(frozen=True)
class Reproduction:
    """The result.

    Attributes:
        verdict: ``exact`` (every array is bit-for-bit identical), ``close`` (no metric differs by more than
            ``reproduce.REPRODUCED_WITHIN``) or ``different``.
        data: the origin of the training data: the kept bundle, or a rebuild from the pins.
        metrics, tables: side by side. differences: how this machine differs from the one it was trained on.
        seconds: of the training.
    """

    version: ModelVersion
    verdict: Verdict
    data: str
    metrics: tuple[Metric, ...]
    tables: tuple[Likeness, ...]
    differences: tuple[Difference, ...]
    seconds: float


def as_json(result: Reproduction) -> dict[str, Any]:
    """The result as it is logged to the version's run."""
    return {name: value for name, value in asdict(result).items() if name != "version"}


def compared_metrics(
    dataset: Dataset,
    registered: ModelPackage,
    retrained: ModelPackage,
    logged: dict[str, float],
) -> Iterator[Metric]:
    splits: list[Split] = [split for split in ("valid", "test") if getattr(dataset.data, split).shape[1]]
    for split in splits:
        old, new = (
            evaluate_all(score_on(package, dataset), dataset.data, split).rows
            for package in (registered, retrained)
        )
        for before, after in zip(old, new, strict=True):
            name = f"{before.metric}@{before.k}" if before.k else before.metric
            then = logged.get(f"{split}_{name.replace('@', '_at_')}")
            yield Metric(split, name, then, _value(before), _value(after))


def _value(row: MetricRow) -> float:
    return float(row.value)


def verdict_of(tables: tuple[Likeness, ...], metrics: tuple[Metric, ...], within: float) -> Verdict:
    if all(table.equal for table in tables):
        return "exact"
    pairs = [(metric.registered, metric.retrained) for metric in metrics]
    alike = (abs(new - old) <= within or (math.isnan(new) and math.isnan(old)) for old, new in pairs)
    return "close" if all(alike) else "different"
