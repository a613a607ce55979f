"""The linear rivals of the diffusion: ridge regression, and canonical correlations."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from causalrec.dataset.arrays import Floats

Doubles = npt.NDArray[np.float64]


@dataclass
class LinearChannel:
    """E[z | condition] = condition @ weights."""

    weights: Floats

    def predict(self, condition: Floats) -> Floats:
        """(n, q) -> (n, p)."""
        values: Floats = condition @ self.weights
        return values

    def evidence(self, target: Floats, condition: Floats) -> Floats:
        """|z|^2 - |z - prediction|^2, (n,)."""
        values: Floats = np.square(target).sum(1) - np.square(target - self.predict(condition)).sum(1)
        return values


def fit_ridge(target: Floats, condition: Floats, ridge: float) -> LinearChannel:
    """(C'C + ridge I)^-1 C'Z: the exact answer if everything is linear-Gaussian."""
    gram = condition.T @ condition + ridge * np.eye(condition.shape[1], dtype=np.float32)
    return LinearChannel(np.linalg.solve(gram, condition.T @ target).astype(np.float32))


def fit_cca(target: Floats, condition: Floats, ridge: float, width: int) -> LinearChannel:
    """What the ``width`` leading canonical pairs (Hotelling 1936) say about the target.

    With A = C'C + ridge I, B = Z'Z + ridge I and A^-1/2 C'Z B^-1/2 = U S V', the weights are
    A^-1/2 U_k S_k V_k' B^1/2. All pairs together are :func:`fit_ridge`; the leading ones keep what both sides
    share most and drop what only chance made alike.
    """
    left, _ = _roots(condition.astype(np.float64), ridge)
    right, back = _roots(target.astype(np.float64), ridge)
    cross = condition.T.astype(np.float64) @ target.astype(np.float64)
    first, strength, second = np.linalg.svd(left @ cross @ right, full_matrices=False)
    kept = slice(0, width)
    weights = left @ (first[:, kept] * strength[kept]) @ second[kept] @ back
    return LinearChannel(weights.astype(np.float32))


def _roots(values: Doubles, ridge: float) -> tuple[Doubles, Doubles]:
    """(X'X + ridge I)^-1/2 and its inverse."""
    size, directions = np.linalg.eigh(values.T @ values + ridge * np.eye(values.shape[1]))
    root = np.sqrt(size)
    return (directions / root) @ directions.T, (directions * root) @ directions.T
