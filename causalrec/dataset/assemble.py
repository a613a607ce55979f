"""Maps shop ids to positions and pairs to the sorted arrays of a bundle."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from causalrec.dataset.arrays import Ints, pair_keys
from causalrec.errors import DatasetError

NO_PAIRS = "check that events of the weighted types arrived and that their items are in the product feed"


def pair_arrays(
    pairs: pa.Table,
    shown: pa.Table,
    users: pa.Array,
    items: pd.DataFrame,
) -> dict[str, npt.NDArray[Any]]:
    """train, valid, test, seen, train_weights, train_times (microseconds), random_exposure, chosen_elsewhere.

    Ids are positions, pairs are sorted by user and item.
    """
    item_ids = pa.array(items["item_id"], type=pa.string())
    ids = _positions(pairs, users, item_ids)
    order = np.lexsort((ids[1], ids[0]))
    ids, weights = ids[:, order], pairs["weight"].to_numpy()[order].astype(np.float32)
    split = pairs["split"].to_numpy()[order]
    first = pairs["first_time"].cast(pa.int64()).to_numpy()[order]
    exposed = _positions(shown, users, item_ids)
    order = np.lexsort((exposed[1], exposed[0]))
    order = order[exposed[1][order] >= 0]
    exposed, outcomes = exposed[:, order], shown["outcome"].to_numpy()[order]
    elsewhere = shown["elsewhere"].to_numpy()[order].astype(bool)
    trains = split == "train"
    trains &= ~np.isin(pair_keys(ids), pair_keys(exposed))
    if not trains.any():
        raise DatasetError(f"none of {ids.shape[1]} interactions are left to train on", do=NO_PAIRS)
    return {
        "train": ids[:, trains],
        "valid": ids[:, split == "valid"],
        "test": ids[:, split == "test"],
        "seen": ids,
        "train_weights": weights[trains],
        "train_times": first[trains],
        "random_exposure": np.vstack([exposed, outcomes[None, :]]).astype(np.int32),
        "chosen_elsewhere": exposed[:, elsewhere],
    }


def _positions(pairs: pa.Table, users: pa.Array, items: pa.Array) -> Ints:
    """int32 (2, n) positions of user_id and item_id; -1 where an id is unknown."""
    columns = (
        pc.fill_null(pc.index_in(pairs["user_id"], value_set=users), -1),
        pc.fill_null(pc.index_in(pairs["item_id"], value_set=items), -1),
    )
    return np.stack([column.to_numpy() for column in columns]).astype(np.int32)
