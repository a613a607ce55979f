"""Which modalities share a cause with another: a permutation test of independence, of any form.

HSIC with Gaussian kernels of median width (Gretton et al. 2008) on a sample of the items that have both
sides, against the same statistic with one side permuted. A modality that depends on no other says nothing
about a shared cause; as a condition of the channels it would only be noise.
"""

from itertools import combinations

import numpy as np
import numpy.typing as npt

from causalrec.dataset.arrays import Floats
from causalrec.model.content import Content

LINK_LEVEL = 0.01  # p-value of independence up to which a further modality counts; 1: all

Doubles = npt.NDArray[np.float64]
SAMPLE = 512
PERMUTATIONS = 199
LEAST_ITEMS = 8


def linked_modalities(content: Content, level: float, seed: int) -> tuple[str, ...]:
    """Names of the modalities that depend on another one, sorted.

    All of them if there are fewer than three, since two independent ones open no gate anyway, or if fewer
    than two would be left.

    Args:
        level: p-value up to which two modalities count as dependent; 1 takes all.
    """
    names = tuple(sorted(content.white))
    if len(names) < 3 or level >= 1:
        return names
    found = dependent_modalities(content, level, seed)
    return tuple(sorted(found)) if len(found) > 1 else names


def dependent_modalities(content: Content, level: float, seed: int) -> set[str]:
    """Names of the modalities for which independence of some other one has a p-value up to ``level``."""
    found: set[str] = set()
    for number, (first, second) in enumerate(combinations(sorted(content.white), 2)):
        both = np.flatnonzero(content.present[first] & content.present[second])
        rng = np.random.default_rng([seed, number])
        rows = rng.permutation(both)[:SAMPLE]
        if rows.size < LEAST_ITEMS:
            continue
        one, other = (content.white[name][rows] * content.spread[name] for name in (first, second))
        if independence_p(one, other, rng) <= level:
            found |= {first, second}
    return found


def independence_p(first: Floats, second: Floats, rng: np.random.Generator) -> float:
    """Share of permutations, the given order among them, with at least the HSIC of rows (n, .) as given."""
    left, right = _centred_kernel(first), _kernel(second)
    given = float((left * right).sum())
    above = 1
    for _ in range(PERMUTATIONS):
        order = rng.permutation(right.shape[0])
        above += float((left * right[np.ix_(order, order)]).sum()) >= given
    return above / (PERMUTATIONS + 1)


def _kernel(rows: Floats) -> Doubles:
    values = rows.astype(np.float64)
    squares = np.square(values).sum(axis=1)
    distance = np.maximum(squares[:, None] + squares[None] - 2 * values @ values.T, 0)
    width = np.median(distance[distance > 0]) if (distance > 0).any() else 1.0
    kernel: Doubles = np.exp(-distance / width)
    return kernel


def _centred_kernel(rows: Floats) -> Doubles:
    kernel = _kernel(rows)
    means = kernel.mean(axis=0)
    centred: Doubles = kernel - means[:, None] - means[None] + means.mean()
    return centred
