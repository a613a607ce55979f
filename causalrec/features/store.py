"""Reads stored vectors."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from causalrec.errors import FeatureError
from causalrec.lake import Lake


def feature_table(encoder_id: str) -> str:
    """Name of the table that holds the vectors of ``encoder_id`` (its first word is the modality)."""
    modality = encoder_id.partition("-")[0]
    if modality not in ("image", "text"):
        raise FeatureError(f"{encoder_id!r} is not an encoder id", do="take it from image_encoder_id")
    return f"{modality}_features"


def latest_vectors(
    lake: Lake, keys: Sequence[str], encoder_id: str, version: int | None = None
) -> tuple[list[str], npt.NDArray[np.float32]]:
    """Stored vectors of ``keys`` under one encoder.

    Returns:
        The keys that have a vector, sorted and distinct, and their (n, dim) float32 matrix. Keys without one
        are left out; (``[]``, shape (0, 0)) if none has one.

    Raises:
        FeatureError: vectors of different dimensions under one encoder id.
    """
    table = lake.table(feature_table(encoder_id))
    if not table.exists():
        return [], np.zeros((0, 0), np.float32)
    rows = table.read({"encoder_id": [encoder_id]}, ["content_key", "vector"], version)
    wanted = pa.array(sorted(set(keys)), type=rows.schema.field("content_key").type)
    rows = rows.filter(pc.is_in(rows["content_key"], value_set=wanted)).sort_by("content_key")
    if rows.num_rows == 0:
        return [], np.zeros((0, 0), np.float32)
    vectors = rows["vector"].combine_chunks()
    lengths = pc.unique(pc.list_value_length(vectors)).to_pylist()
    if len(lengths) != 1 or not lengths[0]:
        raise FeatureError(
            f"{encoder_id} has vectors of lengths {sorted(map(str, lengths))}",
            do="remove that partition, embed again",
        )
    matrix = np.asarray(vectors.flatten(), dtype=np.float32).reshape(rows.num_rows, lengths[0])
    return _distinct(rows["content_key"].to_pylist(), matrix)


def _distinct(keys: list[str], matrix: npt.NDArray[np.float32]) -> tuple[list[str], npt.NDArray[np.float32]]:
    """One row per key. Two writers may have stored the same key; the choice must not depend on file order."""
    names = np.asarray(keys)
    fresh = np.concatenate([[True], names[1:] != names[:-1]])
    if not fresh.all():
        order = np.lexsort((*matrix.T[:2], names))
        names, matrix = names[order], matrix[order]
        fresh = np.concatenate([[True], names[1:] != names[:-1]])
    return [str(name) for name in names[fresh]], np.ascontiguousarray(matrix[fresh])
