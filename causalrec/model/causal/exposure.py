"""Exposure of items and demand of codes, from how often items were clicked and, if logged, shown.

A log of clicks shows exposure times appeal: P(click) = P(shown) P(like | shown). Neither is observed alone,
so separating them needs an assumption:

* log exposure of an item = its log number of clicks. As a term of the score in training that is left
  out of the score for ranking, it makes the model learn how users differ in what they like, not what is shown
  often (the logit adjustment of Menon et al., ICLR 2021; popularity deconfounding as in PDA, Zhang et al.,
  SIGIR 2021). It also removes how much an item is liked by everybody.
* demand of a code = the mean log number of clicks of the code's items, or, where the log has impressions,
  the mean log odds of a click on them. Items that share a code share what everybody likes or is shown
  about them (brand, category); the rest of an item's popularity is chance exposure. It is added back if the
  question is what would be liked with the confounder as it is, and left out if the confounder is redrawn.
  Promotion of a whole code cannot be told from demand for it by clicks alone; impressions tell them apart.

Means of codes are shrunk (empirical Bayes, Efron and Morris 1973): fine codes towards their coarse
cell, cells towards the mean of all items, each by the ratio of the variance inside to the variance between.
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from causalrec.dataset.arrays import Floats, Interactions, Ints

Doubles = npt.NDArray[np.float64]

CERTAIN = 0.2  # share of validation pairs that are always kept
TINY = 1e-9  # keeps the log finite if there are no clicks at all
SHOWN = 10.0  # impressions with the usual share of clicks added to every item
HALF = 0.5  # a click added to every item, so that an item without any has a logarithm


def log_exposure(popularity: Floats) -> Floats:
    """log(clicks + 1/2) less its mean, float32 (N,), for training clicks per item (N,)."""
    logs = np.log(popularity.astype(np.float64) + HALF)
    return np.asarray(logs - logs.mean(), dtype=np.float32)


def response_logit(clicks: Floats, passed: Floats) -> Floats:
    """Log odds of a click on what was shown, less their mean, float32 (N,).

    Rarely shown items are shrunk towards the overall odds, as if each had been shown :data:`SHOWN` more
    times.

    Args:
        clicks, passed: (N,) training clicks, and logged impressions without one.
    """
    shown = float(clicks.sum() + passed.sum())
    share = float(clicks.sum()) / max(shown, 1.0)
    logs = np.log(clicks + SHOWN * share + TINY) - np.log(passed + SHOWN * (1 - share) + TINY)
    return np.asarray(logs - logs.mean(), dtype=np.float32)


def item_appeal(clicks: Floats, passed: Ints | None) -> Floats:
    """How much everybody likes an item according to the log, float32 (N,), in log units around zero.

    Args:
        clicks: (N,) of training. passed: int32 (2, m), impressions without a click, or None if they were not
            logged: then it is the number of clicks, including exposure.
    """
    if passed is None or passed.shape[1] == 0:
        return log_exposure(clicks)
    return response_logit(clicks, np.bincount(passed[1], minlength=clicks.size).astype(np.float32))


def code_demand(appeal: Floats, codes: tuple[Ints, Ints]) -> Floats:
    """Shrunken mean of ``appeal`` (N,) over the items of each item's code, float32 (N,).

    Zero, the mean of all, for an item without a code (-1).
    """
    coarse, fine = codes
    demand = np.zeros(appeal.shape, dtype=np.float32)
    known = coarse >= 0
    if known.any():
        values = appeal[known].astype(np.float64)
        cells = shrunken_means(values, coarse[known], np.zeros(values.size))
        inner = coarse[known].astype(np.int64) * (int(fine.max()) + 1) + fine[known]
        demand[known] = shrunken_means(values, inner, cells)
    return demand


def debiased_validation(data: Interactions, exposure: Floats, seed: int) -> Interactions:
    """``data`` with validation pairs thinned by inverse exposure, so that they look uniformly exposed.

    A pair stays with probability 1 / exposure relative to the least exposed fifth of the pairs, which all
    stay (clipped: Swaminathan and Joachims 2015). Selection on the clicks of a biased log would favour models
    that know the bias.

    Args:
        exposure: float32 (N,), log exposure up to a constant.
    """
    if data.valid.shape[1] == 0:
        return data
    shown = exposure[data.valid[1]].astype(np.float64)
    chance = np.exp(np.minimum(np.quantile(shown, CERTAIN) - shown, 0.0))
    kept = np.random.default_rng([seed, 5]).random(shown.size) < chance
    return replace(data, valid=data.valid[:, kept])


def shrunken_means(values: Doubles, group: npt.NDArray[np.integer], towards: Doubles) -> Doubles:
    """Group mean of ``values`` (n,) shrunk towards ``towards`` (n,), constant inside each group; (n,).

    With n_g values in a group, variance s^2 inside groups and t^2 of the true group means about
    ``towards``, the mean has weight n_g / (n_g + s^2 / t^2). t^2 is the method of moments: the variance of
    the observed means less what s^2 explains of it; where nothing is left, ``towards`` is the answer.
    """
    _, place, size = np.unique(group, return_inverse=True, return_counts=True)
    gap = np.bincount(place, values - towards) / size
    inside = float(((values - towards - gap[place]) ** 2).sum())
    spread = inside / max(values.size - size.size, 1)
    between = float((size * gap**2).sum() - spread * size.size) / values.size
    if between <= 0:
        return towards.astype(np.float64)
    weight = size / (size + spread / between)
    return np.asarray(towards + (weight * gap)[place])
