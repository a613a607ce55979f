"""Refuters: changed data on which a causal claim must fail, or must not move.

After the refutation tests of DoWhy (Sharma and Kiciman 2020). Fit the model anew on each:

* ``shuffled_modality``, ``placebo_content``: the content says nothing about the items any more; what the
  model gained from content and from its confounder must vanish.
* ``random_common_cause``: an independent extra modality; the result must stay where it was.
* ``random_columns``: the same noise inside the modalities, where it cannot be told from them; it should stay.
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
    """Every modality with its own random permutation of items (missing rows move along)."""
    rng = np.random.default_rng([seed, 1])
    shuffled = {name: rows[rng.permutation(data.n_items)] for name, rows in sorted(data.modalities.items())}
    return replace(data, modalities=shuffled)


def placebo_content(data: Interactions, seed: int) -> Interactions:
    """Gaussian noise of the same mean and spread per dimension in place of each modality; gaps stay gaps."""
    rng = np.random.default_rng([seed, 2])
    return replace(
        data, modalities={name: _noise(rows, rng) for name, rows in sorted(data.modalities.items())}
    )


def random_common_cause(data: Interactions, seed: int) -> Interactions:
    """An extra modality of pure noise."""
    noise = np.random.default_rng([seed, 3]).standard_normal((data.n_items, RANDOM_WIDTH)).astype(np.float32)
    return replace(data, modalities={**data.modalities, "random": noise})


def random_columns(data: Interactions, seed: int) -> Interactions:
    """Columns of noise, of the modality's mean spread, beside those of every modality; gaps stay gaps."""
    rng = np.random.default_rng([seed, 5])
    return replace(
        data, modalities={name: _widened(rows, rng) for name, rows in sorted(data.modalities.items())}
    )


def subset(data: Interactions, seed: int, share: float = SUBSET_SHARE) -> Interactions:
    """A random ``share`` of the training pairs; held-out pairs stay."""
    kept = np.random.default_rng([seed, 4]).random(data.train.shape[1]) < share
    weights = None if data.weights is None else data.weights[kept]
    propensity = None if data.propensity is None else data.propensity[kept]
    return replace(data, train=data.train[:, kept], weights=weights, propensity=propensity)


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
    "subset": subset,
}
