"""How far a difference can be trusted, looked at once or every night; whether the arms were drawn fairly."""

import math
from collections.abc import Sequence
from statistics import NormalDist

from scipy.special import chdtrc

UNFAIR = 0.001  # p-value below which the sizes of the arms are no chance


def fixed_half_width(variance: float, confidence: float) -> float:
    """Half the interval of a normal estimate that is looked at once."""
    return NormalDist().inv_cdf((1 + confidence) / 2) * math.sqrt(variance)


def sequential_half_width(variance: float, confidence: float, scale: float) -> float:
    """Half an interval that holds on all nights at once, however often and for whatever reason one stops.

    Inverts the sequential probability ratio test with a normal mixture over the true difference: Robbins,
    Statistical Methods Related to the Law of the Iterated Logarithm (1970); Johari, Pekelis and Walsh, Always
    Valid Inference (2015), equation for two normal streams.

    Args:
        variance: of the estimate of tonight.
        scale: standard deviation of the mixture. As a fixed share of the control's value it grows with sums
            that grow over the nights, so that ``scale² / variance`` grows with the information, as the test
            needs.
    """
    prior = scale * scale
    if prior <= 0:
        return math.inf
    surprise = 2 * math.log(1 / (1 - confidence)) + math.log1p(prior / variance)
    return math.sqrt(variance * (variance + prior) / prior * surprise)


def sample_ratio(observed: Sequence[int], shares: Sequence[float]) -> float:
    """p-value of so many users per arm under the intended shares (chi-square); 1 without users.

    Fabijan et al., Diagnosing Sample Ratio Mismatch in Online Controlled Experiments (2019).
    """
    total = sum(observed)
    if not total:
        return 1.0
    whole = sum(shares)
    kept = [(n, total * share / whole) for n, share in zip(observed, shares, strict=True) if share > 0]
    if sum(n for n, _ in kept) < total:
        return 0.0  # users where none should be
    if len(kept) < 2:
        return 1.0
    return float(chdtrc(len(kept) - 1, sum((n - expected) ** 2 / expected for n, expected in kept)))
