"""Chooses how to predict one modality from the others, judged on otherwise unused items.

Items are split three ways: one part to fit, one to choose (the epoch of the diffusion, the ridge, the size of
the noise, and between the ways), one to judge. Likelihood measures mean and uncertainty together.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from causalrec.config.model import ConfounderSettings
from causalrec.dataset.arrays import Floats
from causalrec.model.causal.crossmodal.bagged_means import fit_means
from causalrec.model.causal.crossmodal.gaussian_noise import GaussianNoise
from causalrec.model.causal.crossmodal.linear import LinearChannel, cca_weights, leverage, ridge_weights
from causalrec.model.causal.crossmodal.mlp import MlpChannel, fit_diffusion

WAYS = ("ridge", "cca", "mlp", "diffusion")  # from simple to rich
LINEAR = WAYS[:2]
RIDGES = (1.0, 10.0, 100.0, 1_000.0)
Sides = tuple[Floats, Floats]  # target (n, p) and condition (n, q) of the same items


class Channel(Protocol):
    """p(z | condition) of one modality."""

    def predict(self, condition: Floats) -> Floats: ...
    def log_density(self, target: Floats, condition: Floats) -> Floats: ...
    def evidence(self, target: Floats, condition: Floats) -> Floats: ...
    def draw(self, condition: Floats, rng: np.random.Generator) -> Floats: ...


@dataclass(frozen=True)
class Judgement:
    """The result of one way on the items kept for judging.

    Attributes:
        explained: share of variance, directions at their own size.
        density: mean log p(z | condition) less mean log N(z; 0, I), in nats per item.
    """

    explained: float
    density: float


@dataclass(frozen=True)
class ChannelChoice:
    """The chosen channel, its way, and the results of all ways."""

    way: str
    channel: Channel
    judged: Mapping[str, Judgement]


def choose_channel(sides: Sides, scale: Floats, settings: ConfounderSettings, seed: int) -> ChannelChoice:
    """Fits the ways that ``settings.method`` allows and chooses one.

    With ``auto``, networks are tried if there are enough items, and the choice is the simplest way whose
    likelihood on the choosing part is within one standard error (paired over items) of the best (Hastie,
    Tibshirani and Friedman 2009, section 7.10).

    Args:
        scale: (p,), size of each direction before whitening.
    """
    fit, choose, judge = (_rows(sides, rows) for rows in _split(sides[0].shape[0], settings.holdout, seed))
    ways = WAYS[: WAYS.index(settings.method) + 1] if settings.method != "auto" else WAYS
    if settings.method == "auto" and fit[0].shape[0] < settings.items_per_direction * fit[0].shape[1]:
        ways = LINEAR
    channels = _fit_all(ways, fit, choose, scale, settings, seed)
    heard = {way: channel.log_density(*choose) for way, channel in channels.items()}
    way = simplest(heard) if settings.method == "auto" else settings.method
    alone = GaussianNoise.unit(sides[0].shape[1]).log_density(judge[0]).mean()
    judged = {
        name: Judgement(
            explained(judge[0], channel.predict(judge[1]), scale),
            float(channel.log_density(*judge).mean() - alone),
        )
        for name, channel in channels.items()
    }
    return ChannelChoice(way, channels[way], judged)


def simplest(heard: Mapping[str, Floats]) -> str:
    """The first way whose mean is within one standard error of the best, paired over items."""
    best = max(heard, key=lambda name: float(heard[name].mean()))
    for way, values in heard.items():
        lost = heard[best] - values
        if lost.mean() <= lost.std() / np.sqrt(max(lost.size, 1)):
            return way
    return best


def _fit_all(
    ways: tuple[str, ...],
    fit: Sides,
    choose: Sides,
    scale: Floats,
    settings: ConfounderSettings,
    seed: int,
) -> dict[str, Channel]:
    channels: dict[str, Channel] = {"ridge": _linear(fit, choose, scale, ridge_weights)}
    if "cca" in ways:
        channels["cca"] = _linear(
            fit, choose, scale, lambda z, c, ridge: cca_weights(z, c, ridge, settings.width)
        )
    if "mlp" in ways:
        means, honest = fit_means(*fit, scale, settings, seed)
        noise = GaussianNoise.fit(fit[0] - honest, choose[0] - means.predict(choose[1]))
        channels["mlp"] = MlpChannel(means, noise)
        if "diffusion" in ways:
            channels["diffusion"] = fit_diffusion(means, honest, fit, choose, noise, settings, seed)
    return channels


def _linear(
    fit: Sides, choose: Sides, scale: Floats, weigh: Callable[[Floats, Floats, float], Floats]
) -> LinearChannel:
    """The ridge that explains most of the choosing part."""
    tried = {ridge: weigh(*fit, ridge) for ridge in RIDGES}
    ridge = max(RIDGES, key=lambda value: explained(choose[0], choose[1] @ tried[value], scale))
    weights = tried[ridge]
    honest = (fit[0] - fit[1] @ weights) / (1 - leverage(fit[1], ridge))[:, None]
    return LinearChannel(
        weights, GaussianNoise.fit(honest.astype(np.float32), choose[0] - choose[1] @ weights)
    )


def _split(rows: int, holdout: float, seed: int) -> list[npt.NDArray[np.intp]]:
    """Three parts of a random order: the rest, and twice ``holdout``."""
    order = np.random.default_rng(seed).permutation(rows)
    count = max(int(holdout * rows), 1)
    return np.split(order, [rows - 2 * count, rows - count])


def _rows(sides: Sides, rows: npt.NDArray[np.intp]) -> Sides:
    return sides[0][rows], sides[1][rows]


def explained(target: Floats, predicted: Floats, scale: Floats | None = None) -> float:
    """R2 against the zero mean of whitened targets; 0 if there is nothing to explain.

    ``scale`` (p,) restores the size of the directions, so that noise directions do not count as much as main
    ones.
    """
    size = np.float32(1.0) if scale is None else scale
    total = float(np.square(target * size).sum())
    return 1.0 - float(np.square((target - predicted) * size).sum()) / total if total > 0 else 0.0
