"""Whether a score can be read as a probability: reliability after one Platt scaling for the whole model.

Ranking scores have no unit, so two numbers per model (slope and intercept, Platt 1999) are fitted on one half
of the users, and reliability is measured on the other half.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from causalrec.dataset.arrays import Ints

Doubles = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

BINS = 10
NEWTON_STEPS = 50
TOLERANCE = 1e-10
DAMPING = 1e-6  # added to the Hessian, for outcomes that a score separates perfectly
STEEPEST = 30.0  # largest logit, so that a probability is never exactly 0 or 1


@dataclass(frozen=True)
class Platt:
    """chance = sigmoid(slope * (score - centre) / spread + intercept)."""

    slope: float
    intercept: float
    centre: float
    spread: float

    def chance(self, scores: Doubles) -> Doubles:
        """Probabilities (n,) of scores (n,)."""
        logit = self.slope * (scores - self.centre) / self.spread + self.intercept
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logit, -STEEPEST, STEEPEST))))


@dataclass(frozen=True)
class Calibration:
    """Reliability of probabilities on users that they were not fitted on.

    Attributes:
        ece: expected calibration error, mean |chance - share of outcomes| over bins of equal mass.
        brier: mean squared difference of chance and outcome.
        predicted, observed: float64 (bins,), mean chance and share of outcomes per bin (the curve).
        counts: int64 (bins,).
    """

    ece: float
    brier: float
    predicted: Doubles
    observed: Doubles
    counts: npt.NDArray[np.int64]
    platt: Platt


def fit_platt(scores: Doubles, outcomes: Bools) -> Platt:
    """Logistic regression of ``outcomes`` (n,) on ``scores`` (n,), Platt's smoothed targets, by Newton."""
    positives = int(outcomes.sum())
    high = (positives + 1) / (positives + 2)
    low = 1 / (outcomes.size - positives + 2)
    target = np.where(outcomes, high, low)
    centre, spread = float(scores.mean()), float(scores.std()) or 1.0
    design = np.stack([(scores - centre) / spread, np.ones(scores.size)])
    weights = np.zeros(2)
    for _ in range(NEWTON_STEPS):
        chance = 1.0 / (1.0 + np.exp(-np.clip(weights @ design, -STEEPEST, STEEPEST)))
        gradient = design @ (chance - target)
        hessian = (design * (chance * (1 - chance))) @ design.T + DAMPING * scores.size * np.eye(2)
        step = np.linalg.solve(hessian, gradient)
        weights -= step
        if np.abs(step).max() < TOLERANCE:
            break
    return Platt(float(weights[0]), float(weights[1]), centre, spread)


def calibration(users: Ints, scores: Doubles, outcomes: Bools, bins: int = BINS) -> Calibration | None:
    """Platt scaling on every second user, reliability on the others; None if a half has only one outcome.

    Users are assigned in the order of their mean score, so that the halves are similar and do not depend on
    how users are numbered.

    Args:
        users: int32 (n,). scores: float64 (n,), finite. outcomes: bool (n,).
    """
    second = _second_half(users, scores, outcomes)
    for part in (outcomes[second], outcomes[~second]):
        if part.size == 0 or part.all() or not part.any():
            return None
    platt = fit_platt(scores[second], outcomes[second])
    return reliability(platt, platt.chance(scores[~second]), outcomes[~second], bins)


def reliability(platt: Platt, chances: Doubles, outcomes: Bools, bins: int = BINS) -> Calibration:
    """The reliability curve over bins of equal mass (equal chances stay in one bin) and its error."""
    ranks = np.searchsorted(np.sort(chances), chances, side="left")
    place = np.minimum(ranks * bins // chances.size, bins - 1)
    counts = np.bincount(place, minlength=bins)
    filled = counts > 0
    predicted = np.bincount(place, chances, minlength=bins)[filled] / counts[filled]
    observed = np.bincount(place, outcomes, minlength=bins)[filled] / counts[filled]
    ece = float(counts[filled] @ np.abs(predicted - observed) / chances.size)
    brier = float(np.square(chances - outcomes).mean())
    return Calibration(ece, brier, predicted, observed, counts[filled], platt)


def _second_half(users: Ints, scores: Doubles, outcomes: Bools) -> Bools:
    _, owner = np.unique(users, return_inverse=True)
    size = np.bincount(owner)
    order = np.lexsort((np.bincount(owner, outcomes), np.bincount(owner, scores) / size))
    chosen = np.zeros(size.size, dtype=np.bool_)
    chosen[order[::2]] = True
    return np.asarray(chosen[owner])
