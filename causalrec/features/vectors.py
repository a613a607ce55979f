"""Validates feature vectors before they are stored."""

import numpy as np
import numpy.typing as npt

from causalrec.errors import FeatureError

NORM_TOLERANCE = 1e-3


def unit(matrix: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Rows scaled to L2 norm 1; a zero or non-finite row is left for the check to find."""
    norms = np.linalg.norm(matrix, axis=1, keepdims=True)
    return np.asarray(matrix / np.where(norms > 0, norms, 1), dtype=np.float32)


def check_vectors(matrix: npt.NDArray[np.float32], dim: int, encoder_id: str) -> None:
    """Refuse vectors of the wrong dimension, non-finite ones, and ones not of unit length.

    Raises:
        FeatureError: with the number of bad vectors.
    """
    if matrix.ndim != 2 or matrix.shape[1] != dim:
        raise FeatureError(
            f"{encoder_id} gave shape {matrix.shape}, not (n, {dim})", do="check the encoder's configuration"
        )
    finite = np.isfinite(matrix).all(axis=1)
    if not finite.all():
        raise FeatureError(
            f"{encoder_id} gave {int((~finite).sum())} of {len(matrix)} vectors with NaN or Inf",
            do="check the weights, or compute in 32 bit",
        )
    off = np.abs(np.linalg.norm(matrix, axis=1) - 1) > NORM_TOLERANCE
    if off.any():
        raise FeatureError(
            f"{encoder_id} gave {int(off.sum())} of {len(matrix)} vectors that are not of unit length",
            do="check the weights; an all-zero output cannot be normalised",
        )
