"""Non-linear channels: bagged networks with Gaussian noise, and with a diffusion in place of the Gaussian."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from causalrec.config.model import ConfounderSettings
from causalrec.dataset.arrays import Floats
from causalrec.model.causal.crossmodal.bagged_means import BaggedMeans
from causalrec.model.causal.crossmodal.diffusion import Denoiser, train_denoiser
from causalrec.model.causal.crossmodal.diffusion_density import draw_residuals, log_density, mean_residual
from causalrec.model.causal.crossmodal.gaussian_noise import GaussianChannel, GaussianNoise

SEED = 0  # seed of the noise for densities, so that the same item gets the same value


@dataclass(frozen=True)
class MlpChannel(GaussianChannel):
    """z | condition ~ N(mean of the networks, noise)."""

    means: BaggedMeans
    noise: GaussianNoise

    def predict(self, condition: Floats) -> Floats:
        """E[z | condition], (n, q) -> (n, p)."""
        return self.means.predict(condition)


@dataclass(frozen=True)
class DiffusionChannel:
    """z | condition = mean of the networks + L r, r by the denoiser.

    Attributes:
        trust: share in [0, 1] of the denoiser's own mean of r that joins the prediction: least squares on
            unseen items.
    """

    means: BaggedMeans
    noise: GaussianNoise
    network: Denoiser
    settings: ConfounderSettings
    trust: float = 0.0

    def predict(self, condition: Floats) -> Floats:
        """E[z | condition], (n, q) -> (n, p)."""
        mean = self.means.predict(condition)
        if not self.trust:
            return mean
        rest = mean_residual(self.network, self._summary(mean, condition), self.settings.draws, SEED)
        shifted: Floats = mean + np.float32(self.trust) * self.noise.colour(rest.numpy())
        return shifted

    def log_density(self, target: Floats, condition: Floats) -> Floats:
        """Lower bound of log p(z | condition), (n,), in nats."""
        mean = self.means.predict(condition)
        rest = torch.from_numpy(self.noise.standardise(target - mean))
        found = log_density(
            self.network, rest, self._summary(mean, condition), 1.0, self.settings.levels, SEED
        )
        values: Floats = found.numpy() - np.float32(self.noise.log_volume())
        return values

    def evidence(self, target: Floats, condition: Floats) -> Floats:
        """log p(z | condition) - log p(z), (n,), in nats; both by the denoiser, at the same levels."""
        summary = torch.zeros(target.shape[0], self._summary_width(condition))
        alone = log_density(self.network, torch.from_numpy(target), summary, 0.0, self.settings.levels, SEED)
        values: Floats = self.log_density(target, condition) - alone.numpy()
        return values

    def draw(self, condition: Floats, rng: np.random.Generator) -> Floats:
        """One z per row of the condition, (n, p)."""
        mean = self.means.predict(condition)
        seed = int(rng.integers(2**31))
        rest = draw_residuals(self.network, self._summary(mean, condition), seed)
        return mean + self.noise.colour(rest.numpy())

    def _summary(self, mean: Floats, condition: Floats) -> Tensor:
        return summary_of(mean, condition, self.settings)

    def _summary_width(self, condition: Floats) -> int:
        return self.network.width + min(int(condition.shape[1]), self.settings.whiten)


def summary_of(mean: Floats, condition: Floats, settings: ConfounderSettings) -> Tensor:
    """Condition of the denoiser: the mean and the condition's leading directions, (n, p + ...)."""
    return torch.from_numpy(np.concatenate([mean, condition[:, : settings.whiten]], axis=1))


def fit_diffusion(
    means: BaggedMeans,
    honest: Floats,
    seen: tuple[Floats, Floats],
    unseen: tuple[Floats, Floats],
    noise: GaussianNoise,
    settings: ConfounderSettings,
    seed: int,
) -> DiffusionChannel:
    """Trains the denoiser on the residuals of networks that did not see the item.

    Some rows are whole targets without a condition, so that the denoiser also learns p(z).

    Args:
        honest: (n, p), see :func:`causalrec.model.causal.crossmodal.bagged_means.fit_means`.
        seen, unseen: target and condition of the items to train on, and of those to choose the epoch by.
    """
    target, condition = seen
    spread = GaussianNoise.fit(target - honest, target - honest)
    rest = torch.from_numpy(spread.standardise(target - honest))
    whole = torch.from_numpy(target)
    told = summary_of(honest, condition, settings)
    mean = means.predict(unseen[1])
    other = torch.from_numpy(noise.standardise(unseen[0] - mean))
    asked = summary_of(mean, unseen[1], settings)

    def judge(network: Denoiser) -> float:
        return float(log_density(network, other, asked, 1.0, settings.levels, SEED).mean())

    trained = train_denoiser(rest, whole, told, settings, seed, judge)
    channel = DiffusionChannel(means, noise, trained.network, settings)
    found = noise.colour(mean_residual(trained.network, asked, settings.draws, SEED).numpy())
    power = float(np.square(found).sum())
    share = float((found * (unseen[0] - mean)).sum()) / power if power > 0 else 0.0
    return DiffusionChannel(means, noise, channel.network, settings, min(max(share, 0.0), 1.0))
