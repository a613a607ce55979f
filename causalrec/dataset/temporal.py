"""The temporal split of a bundle whose pairs have dates: train on the past, evaluate on the latest pairs."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from causalrec.dataset.arrays import Interactions, pair_keys
from causalrec.errors import DatasetError

FILE = "purchase_days.csv"  # user, item, first_day and further columns


def has_days(folder: Path) -> bool:
    """Whether the pairs of the bundle have dates."""
    return (folder / FILE).exists()


def temporal(data: Interactions, folder: Path) -> Interactions:
    """``data`` with as many validation pairs as before, now the latest ones by the first day of the pair.

    Pairs of one day are never split, and users without an earlier pair are not evaluated. Test pairs are left
    out altogether: some of them precede pairs that this split trains on.

    Raises:
        DatasetError: the file of days is malformed or lacks a pair.
    """
    pairs = np.concatenate([data.train, data.valid], axis=1)
    days = _days(folder / FILE, pair_keys(pairs))
    latest = days >= np.sort(days)[days.size - max(data.valid.shape[1], 1)]
    if latest.all():
        raise DatasetError(f"{folder}: all pairs are from the same day", do="use the random split")
    train, valid = pairs[:, ~latest], pairs[:, latest]
    valid = valid[:, np.isin(valid[0], train[0])]
    return replace(
        data,
        train=train,
        valid=valid,
        test=data.test[:, :0],
        weights=None,
        times=days[~latest].astype(np.int64),
        propensity=None,
        passed=None,
        looks=None,
    )


def _days(file: Path, wanted: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The first day of every wanted pair."""
    try:
        known = pd.read_csv(file, usecols=["user", "item", "first_day"])
    except (OSError, ValueError) as error:
        raise DatasetError(f"cannot read {file}: {error}", do="give columns user, item, first_day") from error
    keys = pair_keys(known[["user", "item"]].to_numpy(np.int32).T)
    order = np.argsort(keys, kind="stable")
    place = np.searchsorted(keys, wanted, sorter=order).clip(max=keys.size - 1)
    found = order[place]
    if not np.array_equal(keys[found], wanted):
        raise DatasetError(f"{file} has no day for some of the pairs", do="give one row per pair")
    days: npt.NDArray[np.int64] = known["first_day"].to_numpy(np.int64)[found]
    return days
