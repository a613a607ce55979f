"""Bootstrap over users: intervals of a mean, and the paired test of two models on the same users."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from causalrec.errors import DatasetError

Doubles = npt.NDArray[np.float64]

RESAMPLES = 2_000
LEVEL = 0.95
BLOCK_CELLS = 4_000_000  # counts held at once
SEED = 7
DECIMALS = 12  # values closer than this count as equal


@dataclass(frozen=True)
class Interval:
    """A mean over users with its percentile bootstrap interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class PairedTest:
    """Mean difference ``first - second`` over users, its interval and the two-sided bootstrap p-value."""

    difference: float
    low: float
    high: float
    p_value: float


def interval(values: Doubles, resamples: int = RESAMPLES, level: float = LEVEL, seed: int = SEED) -> Interval:
    """Percentile interval of the mean of per-user ``values`` (M,), users resampled with replacement."""
    means = _resampled_means(values, resamples, seed)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(values.mean()), float(low), float(high))


def paired_test(
    first: Doubles, second: Doubles, resamples: int = RESAMPLES, level: float = LEVEL, seed: int = SEED
) -> PairedTest:
    """Paired bootstrap of per-user values (M,) of two models, in the same order of users.

    The p-value is the share of resampled differences at least as far from the observed one as zero is
    (shift method, Efron and Tibshirani 1993, section 16.4), with the usual plus-one correction.
    """
    if first.shape != second.shape:
        raise DatasetError(
            f"paired values of {first.size} and {second.size} users", do="rank both models on the same split"
        )
    differences = first - second
    observed = float(differences.mean())
    means = _resampled_means(differences, resamples, seed)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    extreme = int((np.abs(means - observed) >= abs(observed)).sum())
    return PairedTest(observed, float(low), float(high), (extreme + 1) / (resamples + 1))


def _resampled_means(values: Doubles, resamples: int, seed: int) -> Doubles:
    """Means of samples with replacement.

    Only the number of draws of each distinct value matters, so these counts are drawn (multinomial) instead
    of users: the same distribution, at a cost that depends on the distinct values, and independent of the
    order of users.
    """
    if values.size == 0:
        raise DatasetError("no users to resample", do="use a split that has pairs")
    distinct, counts = np.unique(np.round(values, DECIMALS), return_counts=True)
    rng = np.random.default_rng(seed)
    step = max(1, BLOCK_CELLS // distinct.size)
    blocks = [
        rng.multinomial(values.size, counts / values.size, size=min(step, resamples - start)) @ distinct
        for start in range(0, resamples, step)
    ]
    return np.asarray(np.concatenate(blocks) / values.size)
