"""One channel of the cross-modal diffusion: a conditional denoiser of one modality given the others."""

import copy
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn.functional import silu

from causalrec.config.model import ConfounderSettings
from causalrec.dataset.arrays import Floats

EVIDENCE_STEPS = (0.2, 0.4, 0.6, 0.8, 0.99)  # shares of the schedule at which the two losses are compared


def cosine_schedule(steps: int) -> Tensor:
    """abar_k of Nichol & Dhariwal 2021 for k = 0..steps-1, decreasing from near 1 to near 0."""
    grid = torch.arange(1, steps + 1, dtype=torch.float64) / steps
    value = torch.cos((grid + 0.008) / 1.008 * math.pi / 2) ** 2 / math.cos(0.008 / 1.008 * math.pi / 2) ** 2
    return value.clamp(1e-5, 1 - 1e-5).float()


class _Block(nn.Module):
    """Residual SwiGLU layer whose input is scaled and shifted by the condition (FiLM)."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(hidden, elementwise_affine=False)
        self.film = nn.Linear(hidden, 2 * hidden)
        self.up = nn.Linear(hidden, 2 * hidden)
        self.down = nn.Linear(hidden, hidden)

    def forward(self, state: Tensor, condition: Tensor) -> Tensor:
        scale, shift = self.film(condition).chunk(2, dim=1)
        gate, value = self.up(self.norm(state) * (1 + scale) + shift).chunk(2, dim=1)
        out: Tensor = state + self.down(silu(gate) * value)
        return out


class Denoiser(nn.Module):
    """D(z_k, k, condition) -> z_0; the condition carries a flag that says whether it is there."""

    def __init__(self, width: int, condition: int, settings: ConfounderSettings) -> None:
        super().__init__()
        hidden = settings.hidden
        self.time_dim = settings.time_dim
        self.enter = nn.Linear(width, hidden)
        self.time = nn.Linear(settings.time_dim, hidden)
        self.condition = nn.Linear(condition + 1, hidden)
        self.blocks = nn.ModuleList(_Block(hidden) for _ in range(settings.blocks))
        self.leave = nn.Linear(hidden, width)
        self.direct = nn.Linear(condition + 1, width)  # the linear-Gaussian answer; blocks learn the rest
        for layer in (self.leave, self.direct):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, noisy: Tensor, step: Tensor, condition: Tensor, given: Tensor) -> Tensor:
        """Shapes (B, p), (B,) int, (B, q), (B,) 0/1 -> (B, p)."""
        half = self.time_dim // 2
        angle = step[:, None] * torch.exp(-torch.arange(half) / half * math.log(1e4)).to(noisy)
        clock = torch.cat([angle.sin(), angle.cos()], dim=1)
        known = torch.cat([condition * given[:, None], given[:, None]], dim=1)
        context = silu(self.time(clock) + self.condition(known))
        state = self.enter(noisy)
        for block in self.blocks:
            state = block(state, context)
        out: Tensor = self.leave(state) + self.direct(known)
        return out


@dataclass
class DiffusionChannel:
    """E[z | condition] and point-wise evidence, from a trained denoiser."""

    network: Denoiser
    settings: ConfounderSettings

    def predict(self, condition: Floats) -> Floats:
        """One step from pure noise, averaged over ``draws`` noises: (n, q) -> (n, p)."""
        with torch.no_grad():
            given = torch.from_numpy(condition)
            total = sum((self._step(given, draw) for draw in range(self.settings.draws)), torch.zeros(1))
        values: Floats = (total / self.settings.draws).numpy()
        return values

    def _step(self, condition: Tensor, draw: int) -> Tensor:
        count = condition.shape[0]
        noise = torch.randn(count, self.network.leave.out_features, generator=_generator(draw))
        step = torch.full((count,), self.settings.steps - 1)
        out: Tensor = self.network(noise, step, condition, torch.ones(count))
        return out

    def evidence(self, target: Floats, condition: Floats) -> Floats:
        """sum_k w_k (|z - D(., empty)|^2 - |z - D(., condition)|^2) / sum_k w_k, (n,)."""
        alpha = cosine_schedule(self.settings.steps)
        clean, given = torch.from_numpy(target), torch.from_numpy(condition)
        ones = torch.ones(clean.shape[0])
        gain, weights = torch.zeros(clean.shape[0]), 0.0
        with torch.no_grad():
            for share in EVIDENCE_STEPS:
                k = min(int(share * self.settings.steps), self.settings.steps - 1)
                noise = torch.randn(clean.shape, generator=_generator(k))
                noisy = alpha[k].sqrt() * clean + (1 - alpha[k]).sqrt() * noise
                step = torch.full((clean.shape[0],), k)
                weight = float(torch.clamp(alpha[k] / (1 - alpha[k]), max=self.settings.max_snr))
                blind = (clean - self.network(noisy, step, given, 0 * ones)).square().sum(dim=1)
                seen = (clean - self.network(noisy, step, given, ones)).square().sum(dim=1)
                gain, weights = gain + weight * (blind - seen), weights + weight
        values: Floats = (gain / weights).numpy()
        return values


def train_channel(
    target: Floats,
    condition: Floats,
    linear: Floats,
    held: npt.NDArray[np.bool_],
    settings: ConfounderSettings,
    seed: int,
) -> DiffusionChannel:
    """Fits a denoiser on the items outside ``held``, starting from the linear answer; keeps the best on
    ``held``.

    Args:
        linear: (q, p) ridge weights fitted on the items outside ``held``, the starting point.
    """
    torch.manual_seed(seed)
    network = Denoiser(target.shape[1], condition.shape[1], settings)
    with torch.no_grad():
        network.direct.weight[:, :-1] = torch.from_numpy(linear.T)
    average = copy.deepcopy(network)
    optimizer = torch.optim.AdamW(network.parameters(), lr=settings.learning_rate)
    clean, given = torch.from_numpy(target[~held]), torch.from_numpy(condition[~held])
    start = DiffusionChannel(average, settings).predict(condition[held])
    best, best_value, idle = copy.deepcopy(average), explained(target[held], start), 0
    for epoch in range(settings.epochs):
        follow = min(settings.ema, (1 + epoch) / (10 + epoch))  # a young average must not lag behind
        _epoch(network, average, optimizer, clean, given, settings, follow)
        if (epoch + 1) % settings.evaluate_every:
            continue
        value = explained(target[held], DiffusionChannel(average, settings).predict(condition[held]))
        idle = 0 if value > best_value else idle + 1
        if value > best_value:
            best, best_value = copy.deepcopy(average), value
        if idle >= settings.patience:
            break
    return DiffusionChannel(best, settings)


def _epoch(
    network: Denoiser,
    average: Denoiser,
    optimizer: torch.optim.Optimizer,
    clean: Tensor,
    given: Tensor,
    settings: ConfounderSettings,
    follow: float,
) -> None:
    alpha = cosine_schedule(settings.steps)
    for rows in torch.split(torch.randperm(clean.shape[0]), settings.batch):
        step = torch.randint(0, settings.steps, (rows.numel(),))
        level = alpha[step][:, None]
        noisy = level.sqrt() * clean[rows] + (1 - level).sqrt() * torch.randn(rows.numel(), clean.shape[1])
        there = (torch.rand(rows.numel()) >= settings.drop_condition).float()
        error = (network(noisy, step, given[rows], there) - clean[rows]).square().mean(dim=1)
        # the smallest weight keeps the pure-noise step, which is the one that is read out, in training
        weight = (level / (1 - level)).squeeze(1).clamp(min=1.0, max=settings.max_snr)
        loss = (weight * error).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            for slow, fast in zip(average.parameters(), network.parameters(), strict=True):
                slow.lerp_(fast, 1 - follow)


def explained(target: Floats, predicted: Floats, scale: Floats | None = None) -> float:
    """R2 against the mean zero of whitened targets; 0 where there is nothing to explain.

    ``scale`` (p,) gives the directions back their own size, so that noise directions do not count as much
    as main ones.
    """
    size = np.float32(1.0) if scale is None else scale
    total = float(np.square(target * size).sum())
    return 1.0 - float(np.square((target - predicted) * size).sum()) / total if total > 0 else 0.0


def _generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)
