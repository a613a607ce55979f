"""The content of a dataset's items: text vectors, picture vectors, and the table of items."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import scipy.sparse as sp

from causalrec.config.dataset import DatasetSettings
from causalrec.dataset.arrays import Floats
from causalrec.features.store import latest_vectors
from causalrec.features.vectors import unit
from causalrec.lake import Lake


def item_vectors(
    lake: Lake, keys: Sequence[str | None], encoder_id: str, version: int | None = None
) -> Floats | None:
    """float32 (N, d) vectors of ``keys``, NaN rows where missing; None if all are missing."""
    wanted = pd.Series(list(keys), dtype=object)
    present, matrix = latest_vectors(lake, wanted.dropna().tolist(), encoder_id, version)
    if not present:
        return None
    place = pd.Index(present).get_indexer(pd.Index(wanted.where(wanted.notna(), "")))
    vectors = np.full((len(wanted), matrix.shape[1]), np.nan, dtype=np.float32)
    vectors[place >= 0] = matrix[place[place >= 0]]
    return vectors


def picture_vectors(
    lake: Lake,
    items: Sequence[str],
    pictures: pd.DataFrame,
    encoder_id: str,
    settings: DatasetSettings,
    version: int | None = None,
) -> Floats | None:
    """float32 (N, d): one vector per item from all of its pictures that have one, NaN rows if none has.

    A single picture keeps its vector bit by bit; several are pooled (:func:`pooling_weights`) and brought to
    unit length again.

    Args:
        lake: holds the vectors.
        items: ids, (N,).
        pictures: item_id, position and sha256, sorted by item and position (the first is the primary one).
        encoder_id: whose vectors.
        settings: how to pool, and how many pictures of an item count.
        version: of the table of vectors.
    """
    present, matrix = latest_vectors(lake, pictures["sha256"].tolist(), encoder_id, version)
    if not present:
        return None
    row = pd.Index(list(items)).get_indexer(pd.Index(pictures["item_id"]))
    column = pd.Index(present).get_indexer(pd.Index(pictures["sha256"]))
    usable = (row >= 0) & (column >= 0)
    row, column = row[usable], column[usable]
    rank = pd.Series(row).groupby(row).cumcount().to_numpy()
    limit = 1 if settings.image_pooling == "primary" else settings.max_pictures
    row, column, rank = row[rank < limit], column[rank < limit], rank[rank < limit]
    counts = np.bincount(row, minlength=len(items))
    weights = pooling_weights(rank, counts[row], settings)
    pool = sp.csr_matrix((weights, (row, column)), shape=(len(items), len(present)), dtype=np.float32)
    vectors = np.full((len(items), matrix.shape[1]), np.nan, dtype=np.float32)
    several, (first,) = counts > 1, np.nonzero(counts[row] == 1)
    vectors[row[first]] = matrix[column[first]]
    vectors[several] = unit(pool[several] @ matrix)
    return vectors


def pooling_weights(rank: np.ndarray, counts: np.ndarray, settings: DatasetSettings) -> np.ndarray:
    """Weight of each picture, from its position (0 is the primary) among the ``counts`` of its item.

    ``mean``: all equal. ``weighted``: the primary one has ``primary_share``, the gallery shares the rest.
    """
    if settings.image_pooling != "weighted":
        return 1 / counts
    rest = (1 - settings.primary_share) / np.maximum(counts - 1, 1)
    return np.where(counts == 1, 1.0, np.where(rank == 0, settings.primary_share, rest))


def items_table(items: pd.DataFrame, popularity: Sequence[int]) -> pa.Table:
    """The ``items.parquet`` of a bundle; ``popularity`` is the number of training pairs."""
    kinds = {"available": pa.bool_()}
    columns = {
        name: pa.array(items[name], type=kinds.get(name, pa.string()), from_pandas=True)
        for name in items.columns
    }
    return pa.table({**columns, "popularity": pa.array(popularity, type=pa.int64())})
