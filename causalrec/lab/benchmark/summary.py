"""Summary of benchmark cells: mean and spread over seeds, paired tests of one model against the others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

import numpy as np
import numpy.typing as npt

from causalrec.lab.benchmark.cells import CellResult
from causalrec.metrics.bootstrap import paired_test

Doubles = npt.NDArray[np.float64]

PAIRED_ON = ("recall@20", "ndcg@20", "random_ndcg@5", "random_auc", "dr_liked@5")


@dataclass(frozen=True)
class BenchRow:
    """One model on one bundle and split.

    Attributes:
        mean: metric -> mean over seeds.
        spread: metric -> standard deviation over seeds (0 with one seed).
        p_values: metric -> paired bootstrap of the reference model against this one over users, seeds
            averaged (empty for the reference itself and where no metric has values per user).
        differences: metric -> mean of reference minus this model.
        findings: what the model found out about its modules, mean over seeds.
    """

    bundle: str
    split: str
    model: str
    seeds: int
    mean: dict[str, float]
    spread: dict[str, float]
    p_values: dict[str, float]
    differences: dict[str, float]
    epochs: float
    seconds: float
    seconds_per_epoch: float
    peak_mb: float
    gpu_mb: float
    findings: dict[str, float]


def summarise(bundle: str, split: str, results: Sequence[CellResult], reference: str) -> list[BenchRow]:
    """One row per model, in the order in which models first appear."""
    models = list(dict.fromkeys(result.model for result in results))
    of = {model: [result for result in results if result.model == model] for model in models}
    ours = _users(of[reference], split) if reference in of else {}
    return [_row(bundle, split, model, of[model], {} if model == reference else ours) for model in models]


def _row(
    bundle: str, split: str, model: str, results: list[CellResult], ours: Mapping[str, Doubles]
) -> BenchRow:
    # a metric counts where every seed has it
    names = [name for name in results[0].metrics[split] if all(name in r.metrics[split] for r in results)]
    values = {name: [result.metrics[split][name] for result in results] for name in names}
    theirs = _users(results, split)
    tests = {name: paired_test(ours[name], theirs[name]) for name in ours if name in theirs}
    return BenchRow(
        bundle=bundle,
        split=split,
        model=model,
        seeds=len(results),
        mean={name: fmean(found) for name, found in values.items()},
        spread={name: stdev(found) if len(found) > 1 else 0.0 for name, found in values.items()},
        p_values={name: test.p_value for name, test in tests.items()},
        differences={name: test.difference for name, test in tests.items()},
        epochs=fmean(result.epochs for result in results),
        seconds=fmean(result.seconds for result in results),
        seconds_per_epoch=fmean(result.seconds_per_epoch for result in results),
        peak_mb=max(result.peak_mb for result in results),
        gpu_mb=max(result.gpu_mb for result in results),
        findings={name: fmean(result.findings[name] for result in results) for name in _shared(results)},
    )


def _shared(results: list[CellResult]) -> list[str]:
    """Findings that every seed has."""
    return [name for name in results[0].findings if all(name in result.findings for result in results)]


def _users(results: list[CellResult], split: str) -> dict[str, Doubles]:
    """Per-user values of the paired metrics, averaged over seeds."""
    names = [name for name in PAIRED_ON if all(name in result.per_user[split] for result in results)]
    return {name: np.mean([result.per_user[split][name] for result in results], axis=0) for name in names}
