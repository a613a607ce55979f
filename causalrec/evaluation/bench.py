"""Summary of benchmark cells: mean and spread over seeds, paired tests of one model against the others."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

import numpy as np
import numpy.typing as npt

from causalrec.evaluation.bootstrap import paired_test
from causalrec.evaluation.cells import CellResult

SEEDLESS = frozenset({"popularity", "item_knn", "ease"})  # closed forms: every seed gives the same model
PAIRED_ON = "ndcg@20"


@dataclass(frozen=True)
class BenchRow:
    """One model on one bundle and split.

    Attributes:
        mean: metric -> mean over seeds.
        spread: metric -> standard deviation over seeds (0 with one seed).
        p_value: paired bootstrap of the reference model against this one over users, seeds averaged
            (None for the reference itself and where there is no held-out ranking).
        difference: mean of reference minus this model on the paired metric.
    """

    bundle: str
    split: str
    model: str
    seeds: int
    mean: dict[str, float]
    spread: dict[str, float]
    p_value: float | None
    difference: float | None
    epochs: float
    seconds: float
    seconds_per_epoch: float
    peak_mb: float
    gpu_mb: float


def summarise(bundle: str, split: str, results: Sequence[CellResult], reference: str) -> list[BenchRow]:
    """One row per model, in the order in which models first appear."""
    models = list(dict.fromkeys(result.model for result in results))
    of = {model: [result for result in results if result.model == model] for model in models}
    ours = _users(of[reference], split) if reference in of else None
    return [_row(bundle, split, model, of[model], None if model == reference else ours) for model in models]


def _row(
    bundle: str, split: str, model: str, results: list[CellResult], ours: npt.NDArray[np.float64] | None
) -> BenchRow:
    names = list(results[0].metrics[split])
    values = {name: [result.metrics[split][name] for result in results] for name in names}
    theirs = _users(results, split)
    test = paired_test(ours, theirs) if ours is not None and theirs is not None else None
    return BenchRow(
        bundle=bundle,
        split=split,
        model=model,
        seeds=len(results),
        mean={name: fmean(found) for name, found in values.items()},
        spread={name: stdev(found) if len(found) > 1 else 0.0 for name, found in values.items()},
        p_value=None if test is None else test.p_value,
        difference=None if test is None else test.difference,
        epochs=fmean(result.epochs for result in results),
        seconds=fmean(result.seconds for result in results),
        seconds_per_epoch=fmean(result.seconds_per_epoch for result in results),
        peak_mb=max(result.peak_mb for result in results),
        gpu_mb=max(result.gpu_mb for result in results),
    )


def _users(results: list[CellResult], split: str) -> npt.NDArray[np.float64] | None:
    """Per-user values of the paired metric, averaged over seeds."""
    found = [result.per_user[split][PAIRED_ON] for result in results if PAIRED_ON in result.per_user[split]]
    return np.mean(found, axis=0) if found else None
