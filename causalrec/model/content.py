"""Content of items as comparable vectors: standardised, PCA-whitened and frozen per modality."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from causalrec.dataset.arrays import Floats
from causalrec.errors import TrainingError
from causalrec.model.blocks import unit_rows

CHANNEL_WIDTH = 256  # maximum number of columns that one modality adds to the tables

Doubles = npt.NDArray[np.float64]
Present = npt.NDArray[np.bool_]
SMALLEST = 1e-5  # directions with less than this share of the largest variance are numerical noise


@dataclass(frozen=True)
class Whitening:
    """z = (x - mean) / scale @ basis, unit variance per column; ``spread`` is the standard deviation
    removed."""

    mean: Floats
    scale: Floats
    basis: Floats
    spread: Floats

    def __call__(self, values: Floats) -> tuple[Floats, Present]:
        """Whitened rows (n, p), zero if missing, and which rows are present (n,)."""
        there = present_rows(values)
        if values.shape[1] != self.mean.size:
            raise TrainingError(
                f"content has {values.shape[1]} columns, the model was trained on {self.mean.size}",
                do="use the encoder that the model was trained with",
            )
        white = np.zeros((values.shape[0], self.basis.shape[1]), dtype=np.float32)
        white[there] = ((values[there].astype(np.float32) - self.mean) / self.scale) @ self.basis
        return white, there


def present_rows(values: Floats) -> Present:
    """Rows that are neither NaN nor all zero."""
    there: Present = np.isfinite(values).all(axis=1) & (values != 0).any(axis=1)
    return there


def fit_whitening(values: Floats, width: int) -> Whitening | None:
    """PCA on the present rows, at most ``width`` directions; None if fewer than two rows are present."""
    rows = values[present_rows(values)].astype(np.float64)
    if rows.shape[0] < 2:
        return None
    mean, scale = rows.mean(axis=0), rows.std(axis=0)
    scale[scale < 1e-8] = 1.0
    standard = (rows - mean) / scale
    variance, directions = _principal(standard)
    order = np.argsort(-variance)[: min(width, rows.shape[0] - 1)]
    order = order[variance[order] > SMALLEST * max(variance.max(initial=0.0), SMALLEST)]
    if order.size == 0:
        return None
    spread = np.sqrt(variance[order])
    basis = directions[:, order] / spread
    return Whitening(*(part.astype(np.float32) for part in (mean, scale, basis, spread)))


def _principal(rows: Doubles) -> tuple[Doubles, Doubles]:
    """Variances and directions (d, r) of centred rows (n, d), by the smaller of their two Gram matrices."""
    n, width = rows.shape
    if width <= n:
        variance, directions = np.linalg.eigh(rows.T @ rows / n)
        return variance, directions
    variance, left = np.linalg.eigh(rows @ rows.T / n)
    used = variance > SMALLEST * variance.max()
    return variance[used], rows.T @ (left[:, used] / np.sqrt(n * variance[used]))


@dataclass(frozen=True)
class Content:
    """Whitened modalities of n items.

    Attributes:
        white: name -> float32 (n, p_m), zero rows where missing.
        present: name -> bool (n,).
        spread: name -> float32 (p_m,), the standard deviation of each direction before whitening.
        vectors: float32 (n, sum p_m): per modality the principal components at their own scale, each part of
            length sqrt(weight) (zero where missing); cosines of these compare items.
        raw: name -> (n, d_m) the rows as given.
    """

    white: dict[str, Floats]
    present: dict[str, Present]
    spread: dict[str, Floats]
    vectors: Floats
    raw: Mapping[str, Floats] = field(default_factory=dict)


def fit_content(modalities: Mapping[str, Floats], width: int) -> dict[str, Whitening]:
    """One whitening per modality that has any content, by name."""
    fitted = {name: fit_whitening(modalities[name], width) for name in sorted(modalities)}
    return {name: whitening for name, whitening in fitted.items() if whitening is not None}


def read_content(whitenings: Mapping[str, Whitening], modalities: Mapping[str, Floats], rows: int) -> Content:
    """Applies fitted whitenings; a modality that is not given counts as missing for all rows."""
    white, present, parts = {}, {}, []
    for name, whitening in whitenings.items():
        values = modalities.get(name)
        if values is None:
            values = np.full((rows, whitening.mean.size), np.nan, dtype=np.float32)
        white[name], present[name] = whitening(values)
        parts.append(unit_rows(white[name] * whitening.spread))
    vectors = np.concatenate(parts, axis=1) if parts else np.zeros((rows, 0), dtype=np.float32)
    spread = {name: whitening.spread for name, whitening in whitenings.items()}
    raw = {name: values for name, values in modalities.items() if name in whitenings}
    return Content(white, present, spread, vectors, raw)
