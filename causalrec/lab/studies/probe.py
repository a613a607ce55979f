"""What a table of item states still says about a cause: the share of its variance that a ridge can read."""

import numpy as np
import numpy.typing as npt

from causalrec.dataset.arrays import Floats, Ints

Doubles = npt.NDArray[np.float64]

FOLDS = 5
RIDGE = 1.0  # per item, on standardised columns
SEED = 7


def readable_share(
    states: Floats, cause: Doubles, folds: int = FOLDS, ridge: float = RIDGE, seed: int = SEED
) -> float:
    """R2 of a ridge regression from ``states`` (N, d) to ``cause`` (N, m), on items kept out of its fit.

    Errors and variances are summed over the columns of the cause. Below zero where the states mislead;
    zero where they say nothing.
    """
    fold = np.random.default_rng(seed).permutation(states.shape[0]) % folds
    error = 0.0
    for number in range(folds):
        inside = fold != number
        error += _error(states.astype(np.float64), cause, inside, ridge)
    total = float(((cause - cause.mean(axis=0)) ** 2).sum())
    return 1.0 - error / total if total > 0 else float("nan")


def indicators(labels: Ints) -> Doubles:
    """One column per label, (N, labels)."""
    return np.eye(int(labels.max()) + 1)[labels]


def _error(states: Doubles, cause: Doubles, inside: npt.NDArray[np.bool_], ridge: float) -> float:
    """Squared error outside ``inside`` of a fit on it."""
    mean, spread = states[inside].mean(axis=0), states[inside].std(axis=0)
    scaled = (states - mean) / np.where(spread > 0, spread, 1.0)
    known, offset = scaled[inside], cause[inside].mean(axis=0)
    gram = known.T @ known + ridge * np.eye(known.shape[1])
    weights = np.linalg.solve(gram, known.T @ (cause[inside] - offset))
    return float(((scaled[~inside] @ weights + offset - cause[~inside]) ** 2).sum())
