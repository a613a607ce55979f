"""EASE's weights from the eigenpairs of a Gram matrix, as a product of two tables.

EASE (Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", WWW 2019) predicts each item from the
others with weights of zero diagonal: B = I - P diag(1 / diag P), P = (G + ridge I)^-1. With the leading
eigenpairs (s, V) of G, P = (I - V diag(f) V') / ridge, f = s / (s + ridge), and for i != j

    B_ij = sum_k V_ik f_k V_jk / (1 - h_j),   h_j = sum_k f_k V_jk^2.

At full rank this is EASE; at a lower rank the tail of the spectrum, which the ridge damps most, is left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from causalrec.dataset.arrays import Floats
from causalrec.model.rivals.spectrum import Spectrum

LEAST_LEFT = 1e-4  # an item that the regression reproduces from itself alone would be divided by zero


@dataclass(frozen=True)
class ItemWeights:
    """B_ij = <fold_i, items_j> for i != j; the diagonal, which is zero in B, is not taken out.

    Attributes:
        fold: float32 (N, r); the state of a user is its sum over the history.
        items: float32 (N, r).
        ridge: of the regression. strengths: of the content, by modality.
    """

    fold: Floats
    items: Floats
    ridge: float
    strengths: Mapping[str, float]


def item_weights(found: Spectrum, ridge: float, strengths: Mapping[str, float]) -> ItemWeights:
    """The two tables for one ridge; ``found`` is the spectrum of G with these strengths."""
    shrunk = found.values / (found.values + np.float32(ridge))
    left = np.maximum(1.0 - np.square(found.vectors) @ shrunk, LEAST_LEFT).astype(np.float32)
    return ItemWeights(found.vectors * shrunk, found.vectors / left[:, None], ridge, dict(strengths))
