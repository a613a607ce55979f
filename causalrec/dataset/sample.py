"""A sample of a dataset for choices that do not need all of it."""

from dataclasses import replace

import numpy as np

from causalrec.dataset.arrays import Interactions

JUDGED_USERS = 5_000  # maximum number of validation users for the choice of epochs, ridges or weights


def sampled(data: Interactions, users: int, seed: int) -> Interactions:
    """``data`` with the validation pairs of at most that many users."""
    present = np.unique(data.valid[0])
    if present.size <= users:
        return data
    kept = np.random.default_rng(seed).permutation(present)[:users]
    return replace(data, valid=data.valid[:, np.isin(data.valid[0], kept)])
