"""The value of a policy that never ran, from the log of another one that recorded its propensities.

A round of the log has a reward and a weight w = pi(a | x) / p: the probability that the new policy would have
taken the old one's action, over the old policy's probability of taking it.

* IPS, mean of w r (Horvitz and Thompson 1952): unbiased, as long as the old policy could take every action of
the new one; large weights make it noisy.
* SNIPS, sum of w r over sum of w (Swaminathan and Joachims, NeurIPS 2015): slightly biased, far less noisy.
* DR (Dudik, Langford and Li, ICML 2011): a model of the reward, corrected by its weighted residuals; unbiased
if either the propensities or the model is right.

Intervals come from the influence of each round, or of each cluster of rounds (looks of one user are not
independent). Two numbers show whether to trust them: the effective sample size, and the mean weight, whose
expectation is 1 if the propensities are right and the old policy supports the new one.
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from causalrec.errors import DatasetError

Doubles = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

LEVEL = 0.95


@dataclass(frozen=True)
class Value:
    """Expected reward of a round under the new policy.

    Attributes:
        low, high: interval of 95 %.
        effective: the equivalent number of equally weighted rounds for this policy (Kish).
        mean_weight: 1 in expectation; well below that, the new policy takes actions that the old one never
            took.
    """

    estimate: float
    low: float
    high: float
    effective: float
    mean_weight: float


def ips(rewards: Doubles, weights: Doubles, clusters: Ints | None = None) -> Value:
    """Inverse propensity scoring. ``rewards``, ``weights``, ``clusters``: (n,)."""
    _check(rewards, weights)
    terms = weights * rewards
    return _value(float(terms.mean()), terms - terms.mean(), weights, clusters)


def snips(rewards: Doubles, weights: Doubles, clusters: Ints | None = None) -> Value:
    """Self-normalised inverse propensity scoring.

    Raises:
        DatasetError: every weight is 0: the log contains no action of the new policy.
    """
    _check(rewards, weights)
    mean = float(weights.mean())
    if mean <= 0:
        raise DatasetError("the log never did what the policy would do", do="log more random exposure")
    estimate = float(weights @ rewards) / float(weights.sum())
    return _value(estimate, weights * (rewards - estimate) / mean, weights, clusters)


def doubly_robust_value(
    rewards: Doubles, weights: Doubles, predicted: Doubles, expected: Doubles, clusters: Ints | None = None
) -> Value:
    """Doubly robust value.

    Args:
        predicted: (n,) the model's reward for the logged action.
        expected: (n,) the model's reward for the new policy in the same round.
    """
    _check(rewards, weights)
    terms = expected + weights * (rewards - predicted)
    return _value(float(terms.mean()), terms - terms.mean(), weights, clusters)


def effective_size(weights: Doubles) -> float:
    """(sum w)^2 / sum w^2: the equivalent number of equally weighted rounds (Kish); 0 without any weight."""
    squares = float((weights**2).sum())
    return float(weights.sum()) ** 2 / squares if squares else 0.0


def _check(rewards: Doubles, weights: Doubles) -> None:
    if rewards.size == 0:
        raise DatasetError("the log has no rounds", do="log what was shown, with propensities")
    if not (np.isfinite(weights).all() and (weights >= 0).all() and np.isfinite(rewards).all()):
        raise DatasetError(
            "a weight is negative or not finite", do="propensities must lie in (0, 1], rewards be numbers"
        )


def _value(estimate: float, influence: Doubles, weights: Doubles, clusters: Ints | None) -> Value:
    n = influence.size
    sums = (
        influence if clusters is None else np.bincount(np.unique(clusters, return_inverse=True)[1], influence)
    )
    correction = sums.size / max(1, sums.size - 1)
    error = float(np.sqrt(correction * (sums**2).sum())) / n
    half = NormalDist().inv_cdf(0.5 + LEVEL / 2) * error
    return Value(estimate, estimate - half, estimate + half, effective_size(weights), float(weights.mean()))
