"""Refuters: changed data on which a causal claim must fail, or must not move.

After the refutation tests of DoWhy (Sharma and Kiciman 2020). Fit the model anew on each:

* ``shuffled_modality``, ``placebo_content``: the content no longer says anything about the items; the model's
gain from content and from its confounder must vanish.
* ``random_common_cause``: an independent extra modality; the result must not change.
* ``random_columns``: the same noise within the modalities, where it cannot be separated; the result should
not change.
* ``shuffled_evidence``: every user's responses are shuffled among their own looks; no taste is left, so
unseen items must be ranked no better than chance, and the content effect must vanish.
* ``shuffled_codes``: brand and category are assigned to items at random; a model with such codes must not
  beat one without codes. (Learnt codes follow the content: ``model.response.shuffled_codes`` moves both.)
* ``shuffled_policy``: the policies and positions of looks are shuffled; the ranking by response must not
change, and the front-door adjustment must vanish.
* ``subset``: fewer training pairs; the result must keep its sign.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from causalrec.dataset.arrays import Floats, Interactions

Refuter = Callable[[Interactions, int], Interactions]

RANDOM_WIDTH = 32
SUBSET_SHARE = 0.8


def shuffled_modality(data: Interactions, seed: int) -> Interactions:
    """Every modality with its own random permutation of items (including missing rows).

    A model that gains from content must lose that gain; it must not do worse than without content.
    """
    rng = np.random.default_rng([seed, 1])
    shuffled = {name: rows[rng.permutation(data.n_items)] for name, rows in sorted(data.modalities.items())}
    return replace(data, modalities=shuffled)


def placebo_content(data: Interactions, seed: int) -> Interactions:
    """Gaussian noise with the same mean and spread per dimension instead of each modality; gaps stay gaps."""
    rng = np.random.default_rng([seed, 2])
    return replace(
        data, modalities={name: _noise(rows, rng) for name, rows in sorted(data.modalities.items())}
    )


def random_common_cause(data: Interactions, seed: int) -> Interactions:
    """An extra modality of pure noise."""
    noise = np.random.default_rng([seed, 3]).standard_normal((data.n_items, RANDOM_WIDTH)).astype(np.float32)
    return replace(data, modalities={**data.modalities, "random": noise})


def random_columns(data: Interactions, seed: int) -> Interactions:
    """Columns of noise, with the modality's mean spread, added to every modality; gaps stay gaps."""
    rng = np.random.default_rng([seed, 5])
    return replace(
        data, modalities={name: _widened(rows, rng) for name, rows in sorted(data.modalities.items())}
    )


def shuffled_evidence(data: Interactions, seed: int) -> Interactions:
    """Every user's outcomes, shuffled among their looks; what was shown does not change.

    How much a user responds is kept, but not to what. Shops without looks are unchanged.
    """
    looks = data.looks
    if looks is None:
        return data
    row = np.repeat(np.arange(looks.count.size), looks.count)  # one entry per look
    before = np.concatenate([[0], np.cumsum(looks.count)[:-1]])
    place = np.arange(row.size) - before[row]  # its number within its row: the deepest come first
    depth = (place < looks.reached[:, row]).sum(axis=0)
    users = looks.users[row]
    order = np.argsort(users, kind="stable")
    dealt = np.empty_like(depth)
    dealt[order] = depth[np.lexsort((np.random.default_rng([seed, 6]).random(row.size), users))]
    reached = [
        np.bincount(row[dealt > step], minlength=looks.count.size) for step in range(len(looks.depths))
    ]
    return replace(data, looks=replace(looks, reached=np.stack(reached).astype(np.int32)))


def shuffled_codes(data: Interactions, seed: int) -> Interactions:
    """Every item with the brand and the category of a random item."""
    order = np.random.default_rng([seed, 7]).permutation(data.n_items)
    dealt = {name: tuple(np.asarray(of)[order].tolist()) for name, of in data.item_attributes.items()}
    return replace(data, item_attributes=dealt)


def shuffled_policy(data: Interactions, seed: int) -> Interactions:
    """The strata of looks (policy, position, surge), shuffled among looks; uniform ones keep theirs."""
    looks = data.looks
    if looks is None:
        return data
    rng, strata = np.random.default_rng([seed, 8]), looks.strata.copy()
    for chance in (False, True):
        mine = np.flatnonzero(looks.uniform[looks.strata] == chance)
        strata[mine] = looks.strata[rng.permutation(mine)]
    return replace(data, looks=replace(looks, strata=strata).summed())


def subset(data: Interactions, seed: int, share: float = SUBSET_SHARE) -> Interactions:
    """A random ``share`` of the training pairs; held-out pairs stay."""
    kept = np.random.default_rng([seed, 4]).random(data.train.shape[1]) < share
    weights = None if data.weights is None else data.weights[kept]
    propensity = None if data.propensity is None else data.propensity[kept]
    times = None if data.times is None else data.times[kept]
    return replace(data, train=data.train[:, kept], weights=weights, propensity=propensity, times=times)


def _widened(rows: Floats, rng: np.random.Generator) -> Floats:
    present = ~np.isnan(rows).any(axis=1)
    spread = float(rows[present].std(axis=0).mean()) if present.any() else 1.0
    noise = (spread * rng.standard_normal((rows.shape[0], RANDOM_WIDTH))).astype(np.float32)
    noise[~present] = np.nan
    return np.concatenate([rows, noise], axis=1)


def _noise(rows: Floats, rng: np.random.Generator) -> Floats:
    present = ~np.isnan(rows).any(axis=1)
    if not present.any():
        return rows
    mean, spread = rows[present].mean(axis=0), rows[present].std(axis=0)
    noise: Floats = (mean + spread * rng.standard_normal(rows.shape)).astype(np.float32)
    noise[~present] = np.nan
    return noise


REFUTERS: dict[str, Refuter] = {
    "shuffled_modality": shuffled_modality,
    "placebo_content": placebo_content,
    "random_common_cause": random_common_cause,
    "random_columns": random_columns,
    "shuffled_evidence": shuffled_evidence,
    "shuffled_codes": shuffled_codes,
    "shuffled_policy": shuffled_policy,
    "subset": subset,
}
