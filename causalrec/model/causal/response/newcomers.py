"""States of users and items that were not in the fit."""

from dataclasses import dataclass

import numpy as np

from causalrec.dataset.arrays import Floats

JITTER = 1e-3  # share of the mean variance added to every direction, so that none is certain


@dataclass(frozen=True)
class UserPrior:
    """The Gaussian prior of users' states: precision (c, c), mean (c,)."""

    precision: Floats
    mean: Floats

    @staticmethod
    def fit(users: Floats) -> "UserPrior":
        """Of the states (U, c) of known users."""
        states = users.astype(np.float64)
        mean = states.mean(axis=0)
        centred = states - mean
        covariance = centred.T @ centred / max(len(states) - 1, 1)
        spread = max(float(np.trace(covariance)) / len(mean), 1e-6)
        precision = np.linalg.inv(covariance + JITTER * spread * np.eye(len(mean)))
        return UserPrior(precision.astype(np.float32), mean.astype(np.float32))


@dataclass(frozen=True)
class ItemMap:
    """From content columns (n, p) to item states: weights (p, c), mean (c,)."""

    weights: Floats
    mean: Floats

    @staticmethod
    def fit(columns: Floats, items: Floats, ridge: float) -> "ItemMap":
        """Ridge regression of the states (N, c) of known items on their content."""
        mean = items.mean(axis=0)
        x = columns.astype(np.float64)
        system = x.T @ x + ridge * np.eye(x.shape[1])
        weights = np.linalg.solve(system, x.T @ (items - mean)) if x.shape[1] else np.zeros((0, mean.size))
        return ItemMap(weights.astype(np.float32), mean.astype(np.float32))

    def widened(self) -> "ItemMap":
        """The map with one more column of states, which is zero for any content."""
        zeros = np.zeros((self.weights.shape[0], 1), np.float32)
        return ItemMap(np.append(self.weights, zeros, axis=1), np.append(self.mean, np.float32(0)))

    def states(self, columns: Floats) -> Floats:
        """States (n, c)."""
        found: Floats = (columns @ self.weights + self.mean).astype(np.float32)
        return found
