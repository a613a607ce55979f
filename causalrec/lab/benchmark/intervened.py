"""The intervened split of DICE: a test set whose item popularity is close to uniform.

After Zheng et al., "Disentangling User Interest and Conformity" (WWW 2021): 40 % of all records are sampled
with probability inverse to item popularity and cut 1 : 1 : 2 into train, valid and test; the rest trains.
"""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np

from causalrec.dataset.arrays import Interactions
from causalrec.dataset.bundle import load_bundle
from causalrec.errors import DatasetError

INTERVENED_SHARE = 0.4
CUTS = (0.25, 0.5)  # of the intervened records: train, then valid, then test


def intervened_split(data: Interactions, seed: int, share: float = INTERVENED_SHARE) -> Interactions:
    """``data`` with all its pairs split anew; weights and propensities of the old pairs are dropped.

    Records are drawn without replacement with weight 1 / popularity (exponential keys of Efraimidis and
    Spirakis 2006), so that each item tends to be drawn equally often.
    """
    pairs = np.concatenate([data.train, data.valid, data.test], axis=1)
    pairs = pairs[:, np.lexsort((pairs[1], pairs[0]))]
    popularity = np.bincount(pairs[1], minlength=data.n_items)[pairs[1]]
    keys = np.random.default_rng(seed).exponential(size=pairs.shape[1]) * popularity
    drawn = np.argsort(keys, kind="stable")[: round(share * pairs.shape[1])]
    chosen = np.zeros(pairs.shape[1], dtype=np.bool_)
    chosen[drawn] = True
    first, second = (round(cut * drawn.size) for cut in CUTS)
    order = np.random.default_rng([seed, 1]).permutation(drawn)
    train = np.sort(np.concatenate([np.flatnonzero(~chosen), order[:first]]))
    valid, test = np.sort(order[first:second]), np.sort(order[second:])
    parts = (pairs[:, train], pairs[:, valid], pairs[:, test])
    train, valid, test = parts
    return replace(data, train=train, valid=valid, test=test, weights=None, propensity=None, times=None)


def intervened_bundle(source: Path, target: Path, seed: int, share: float = INTERVENED_SHARE) -> Interactions:
    """Writes the bundle ``source`` with the intervened split to the new folder ``target``; returns it.

    Content and random exposure go along; the folder appears under its name when it is complete.

    Raises:
        DatasetError: ``source`` is not a bundle, ``share`` is not between 0 and 1, or ``target`` exists.
    """
    if not 0 < share < 1:
        raise DatasetError(f"share {share}", do="draw some of the records, but not all")
    if target.exists():
        raise DatasetError(f"{target} exists", do="name a new folder")
    data = intervened_split(load_bundle(source), seed, share)
    draft = target.with_name(f"{target.name}.{os.getpid()}")
    draft.mkdir(parents=True)
    arrays = {"train": data.train, "valid": data.valid, "test": data.test, **data.modalities}
    if data.random_exposure is not None:
        arrays["random_exposure"] = data.random_exposure
    if data.chosen_elsewhere is not None:
        arrays["chosen_elsewhere"] = data.chosen_elsewhere
    for name, array in arrays.items():
        np.save(draft / f"{name}.npy", array, allow_pickle=False)
    draft.rename(target)
    return data
