"""Which modalities are informative: about another modality, or about what is chosen together.

With three or more modalities, one that depends on no other, and whose similarity is the same for items chosen
together as for any two, is left out everywhere: it would be noise in item states, in the graph of similar
items and in the confounder. Both are permutation tests, so a random modality is kept with a probability of
about the level.
"""

import numpy as np

from causalrec.dataset.arrays import Floats, Ints
from causalrec.model.blocks import unit_rows
from causalrec.model.causal.crossmodal.linkage import PERMUTATIONS, dependent_modalities
from causalrec.model.content import Content

PAIRS = 5_000
LEAST_PAIRS = 50


def relevant_modalities(content: Content, pairs: Ints, level: float, seed: int) -> tuple[str, ...]:
    """Names of the modalities to use, sorted; all if there are fewer than three, or none would remain.

    Args:
        pairs: int32 (2, n) of user and item, training pairs only.
        level: p-value up to which dependence counts; 1 takes all.
    """
    names = tuple(sorted(content.white))
    if len(names) < 3 or level >= 1:
        return names
    found = dependent_modalities(content, level, seed)
    for name in sorted(set(names) - found):
        rows, present = content.white[name] * content.spread[name], content.present[name]
        together = chosen_together(pairs[:, present[pairs[1]]], np.random.default_rng([seed, 11]))
        if together.shape[1] >= LEAST_PAIRS:
            rng = np.random.default_rng([seed, 12])
            if likeness_p(rows, np.flatnonzero(present).astype(np.int32), together, rng) <= level:
                found.add(name)
    return tuple(sorted(found)) or names


def chosen_together(pairs: Ints, rng: np.random.Generator) -> Ints:
    """At most :data:`PAIRS` pairs (2, m) of different items that one user has, drawn by training pair."""
    users, items = pairs[:, np.argsort(pairs[0], kind="stable")]
    drawn = rng.permutation(users.size)[:PAIRS]
    first = np.searchsorted(users, users[drawn], side="left")
    degree = np.searchsorted(users, users[drawn], side="right") - first
    other = first + rng.integers(0, degree)
    both = np.stack([items[drawn], items[other]])
    kept: Ints = both[:, both[0] != both[1]]
    return kept


def likeness_p(rows: Floats, present: Ints, together: Ints, rng: np.random.Generator) -> float:
    """Share of permutations of the content of ``present`` items, the given order among them, that make the
    pairs ``together`` (2, m) at least as alike by mean cosine."""
    units = unit_rows(rows)

    def likeness() -> float:
        return float(np.einsum("nd,nd->", units[together[0]], units[together[1]]))

    given, above = likeness(), 1
    for _ in range(PERMUTATIONS):
        units[present] = units[rng.permutation(present)]
        above += likeness() >= given
    return above / (PERMUTATIONS + 1)
