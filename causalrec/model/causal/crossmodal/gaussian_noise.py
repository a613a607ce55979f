"""The residual of a prediction as a Gaussian: the common yardstick of all channels."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import solve_triangular

from causalrec.dataset.arrays import Floats

Doubles = npt.NDArray[np.float64]
LOG_2_PI = float(np.log(2 * np.pi))


@dataclass(frozen=True)
class GaussianNoise:
    """N(0, L L').

    Attributes:
        root: float32 (p, p), L, lower triangular.
    """

    root: Floats

    @staticmethod
    def fit(residuals: Floats, unseen: Floats) -> "GaussianNoise":
        """Shape from ``residuals`` (n, p) by OAS shrinkage, size from ``unseen`` (m, p).

        Residuals of a channel's training items are too small; those of unseen items are unbiased but few, so
        they set only one number.
        """
        shape = np.linalg.cholesky(shrunk_covariance(residuals))
        size = np.sqrt(np.mean(solve_triangular(shape, unseen.T.astype(np.float64), lower=True) ** 2))
        return GaussianNoise((shape * max(size, 1e-6)).astype(np.float32))

    @staticmethod
    def unit(width: int) -> "GaussianNoise":
        """N(0, I): whitened content about which nothing is known."""
        return GaussianNoise(np.eye(width, dtype=np.float32))

    def standardise(self, residuals: Floats) -> Floats:
        """L^-1 e for rows e (n, p)."""
        solved: Floats = solve_triangular(self.root, residuals.T, lower=True).T.astype(np.float32)
        return solved

    def colour(self, noise: Floats) -> Floats:
        """L w for rows w (n, p)."""
        coloured: Floats = noise @ self.root.T
        return coloured

    def log_volume(self) -> float:
        """log det L."""
        return float(np.log(np.diag(self.root).astype(np.float64)).sum())

    def log_density(self, residuals: Floats) -> Floats:
        """log N(e; 0, L L'), (n,), in nats."""
        squares = np.square(self.standardise(residuals)).sum(axis=1)
        values: Floats = -0.5 * (squares + residuals.shape[1] * LOG_2_PI) - np.float32(self.log_volume())
        return values.astype(np.float32)


class GaussianChannel(ABC):
    """z | condition ~ N(prediction, noise), z (n, p) whitened and condition (n, q)."""

    noise: GaussianNoise

    @abstractmethod
    def predict(self, condition: Floats) -> Floats:
        """E[z | condition], (n, q) -> (n, p)."""

    def log_density(self, target: Floats, condition: Floats) -> Floats:
        """log p(z | condition), (n,), in nats."""
        return self.noise.log_density(target - self.predict(condition))

    def evidence(self, target: Floats, condition: Floats) -> Floats:
        """log p(z | condition) - log p(z), (n,), in nats."""
        alone = GaussianNoise.unit(target.shape[1]).log_density(target)
        values: Floats = self.log_density(target, condition) - alone
        return values

    def draw(self, condition: Floats, rng: np.random.Generator) -> Floats:
        """One z per row of the condition, (n, p)."""
        mean = self.predict(condition)
        return mean + self.noise.colour(rng.standard_normal(mean.shape).astype(np.float32))


def shrunk_covariance(rows: Floats) -> Doubles:
    """Second moments (p, p) about zero, shrunk to a multiple of I by OAS (Chen et al. 2010, equation 23)."""
    values = rows.astype(np.float64)
    count, width = values.shape
    moments = values.T @ values / count
    mean = np.trace(moments) / width
    power = np.square(moments).mean()
    divisor = (count + 1.0) * (power - mean**2 / width)
    share = 1.0 if divisor <= 0 else min((power + mean**2) / divisor, 1.0)
    shrunk: Doubles = (1 - share) * moments
    shrunk.flat[:: width + 1] += share * mean + 1e-9
    return shrunk
