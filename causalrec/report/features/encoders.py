"""Every encoder that has vectors in the lake: how many, of what shape, and whether they are valid."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalrec.features.store import feature_table
from causalrec.features.vectors import NORM_TOLERANCE
from causalrec.lake import Lake
from causalrec.report.features.modality import Floats, Modality, read_modality


@dataclass(frozen=True)
class EncoderLine:
    """One partition of a feature table.

    Attributes:
        encoder_id: whose vectors they are; ``current`` if tonight's settings name it.
        stored: rows in the lake, of all dates.
        looked_at: contents of tonight's sample with a vector of this encoder.
        dim, norm_low, norm_high, bad: their dimension, extreme norms, and how many are not finite or not of
            unit length.
        spread: how many directions share the variance, tr(S)^2 / tr(S^2) (participation ratio); near 1, all
            contents look alike to the encoder.
    """

    modality: str
    encoder_id: str
    current: bool
    stored: int
    looked_at: int
    dim: int
    norm_low: float
    norm_high: float
    bad: int
    spread: float


def encoder_lines(lake: Lake, modality: Modality, items: pd.DataFrame) -> list[EncoderLine]:
    """The current encoder first, then those that were used before, by id."""
    table = lake.table(feature_table(modality.encoder_id))
    snapshot = table.snapshot()
    stored: Counter[str] = Counter()
    for file in snapshot.files if snapshot is not None else ():
        stored[file.partition["encoder_id"]] += file.rows
    names = sorted(stored, key=lambda name: (name != modality.encoder_id, name))
    return [_line(lake, modality, items, name, stored[name]) for name in names]


def _line(lake: Lake, modality: Modality, items: pd.DataFrame, name: str, stored: int) -> EncoderLine:
    current = name == modality.encoder_id
    vectors = modality.vectors if current else read_modality(lake, items, modality.name, name).vectors
    norms = np.linalg.norm(vectors.astype(np.float64), axis=1)
    sound = np.isfinite(norms) & (np.abs(norms - 1) <= NORM_TOLERANCE)
    there = len(vectors) > 0
    return EncoderLine(
        modality=modality.name,
        encoder_id=name,
        current=current,
        stored=stored,
        looked_at=len(vectors),
        dim=vectors.shape[1],
        norm_low=float(norms.min()) if there else float("nan"),
        norm_high=float(norms.max()) if there else float("nan"),
        bad=int((~sound).sum()),
        spread=directions(vectors),
    )


def directions(vectors: Floats) -> float:
    """Participation ratio of the covariance of (m, d) rows; NaN with fewer than two distinct ones."""
    if len(vectors) < 2:
        return float("nan")
    centred = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    covariance = centred.T @ centred
    squares = float((covariance**2).sum())
    return float(np.trace(covariance) ** 2 / squares) if squares > 0 else float("nan")
