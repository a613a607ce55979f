"""The linear rivals of the diffusion: ridge regression, and canonical correlations."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from causalrec.dataset.arrays import Floats
from causalrec.model.causal.crossmodal.gaussian_noise import GaussianChannel, GaussianNoise

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True)
class LinearChannel(GaussianChannel):
    """z | condition ~ N(condition @ weights, noise): the exact answer if everything is linear-Gaussian.

    Attributes:
        weights: float32 (q, p).
    """

    weights: Floats
    noise: GaussianNoise

    def predict(self, condition: Floats) -> Floats:
        """E[z | condition], (n, q) -> (n, p)."""
        values: Floats = condition @ self.weights
        return values


def ridge_weights(target: Floats, condition: Floats, ridge: float) -> Floats:
    """(C'C + ridge I)^-1 C'Z, (q, p)."""
    gram = condition.T @ condition + ridge * np.eye(condition.shape[1], dtype=np.float32)
    weights: Floats = np.linalg.solve(gram, condition.T @ target).astype(np.float32)
    return weights


def leverage(condition: Floats, ridge: float) -> Floats:
    """Diagonal of C (C'C + ridge I)^-1 C', (n,): e_i / (1 - h_i) is the residual without item i (PRESS)."""
    gram = condition.T @ condition + ridge * np.eye(condition.shape[1], dtype=np.float32)
    share: Floats = np.einsum("nq,qn->n", condition, np.linalg.solve(gram, condition.T))
    low: Floats = np.minimum(share, 0.99).astype(np.float32)
    return low


def cca_weights(target: Floats, condition: Floats, ridge: float, width: int) -> Floats:
    """Prediction of the target from the ``width`` leading canonical pairs (Hotelling 1936), (q, p).

    With A = C'C + ridge I, B = Z'Z + ridge I and A^-1/2 C'Z B^-1/2 = U S V', the weights are
    A^-1/2 U_k S_k V_k' B^1/2. All pairs together are :func:`ridge_weights`; the leading ones keep what both
    sides share most and drop chance similarities.
    """
    left, _ = _roots(condition.astype(np.float64), ridge)
    right, back = _roots(target.astype(np.float64), ridge)
    cross = condition.T.astype(np.float64) @ target.astype(np.float64)
    first, strength, second = np.linalg.svd(left @ cross @ right, full_matrices=False)
    kept = slice(0, width)
    weights: Floats = (left @ (first[:, kept] * strength[kept]) @ second[kept] @ back).astype(np.float32)
    return weights


def _roots(values: Doubles, ridge: float) -> tuple[Doubles, Doubles]:
    """(X'X + ridge I)^-1/2 and its inverse."""
    size, directions = np.linalg.eigh(values.T @ values + ridge * np.eye(values.shape[1]))
    root = np.sqrt(size)
    return (directions / root) @ directions.T, (directions * root) @ directions.T
