"""The density of what a mean leaves over, by diffusion: unlike a Gaussian it may be skewed, have heavy tails
or several peaks, and differ from condition to condition.

Let r (p,) be a residual, standardised to unit covariance. At log signal-to-noise l the network sees
x = sqrt(a) r + sqrt(1 - a) e with a = sigmoid(l), and gives the posterior mean of r as

    D(x, l, c) = sqrt(a) x + sqrt(1 - a) F(x, l, c).

With F = 0 this is exact for a Gaussian r, so that F learns only what is not Gaussian (preconditioning: Karras
et al. 2022). The condition is dropped at random in training (Ho & Salimans 2022): the same network then knows
the density without condition (there r is all of z, which is whitened).
"""

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import silu

from causalrec.config.model import ConfounderSettings
from causalrec.model.causal.crossmodal.pace import LEAST_BATCHES, one_cycle

TIME_DIM = 32  # numbers that tell the denoiser the noise level
DROPOUT = 0.1  # in the denoiser
DROP_CONDITION = 0.15  # share of rows denoised without a condition
EVALUATIONS = 6  # of the denoiser while it trains; the best one is kept
PATIENCE = 2  # evaluations without gain after which the denoiser stops

LOWEST, HIGHEST = -5.0, 7.0  # log signal-to-noise in training: below, x says nothing; above, x says it all
AVERAGE = 0.998  # decay of the moving average of weights
LARGEST_GRADIENT = 1.0


class _Block(nn.Module):
    """Residual SwiGLU layer whose input is scaled and shifted by the condition (FiLM)."""

    def __init__(self, hidden: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(hidden, elementwise_affine=False)
        self.film = nn.Linear(hidden, 2 * hidden)
        self.up = nn.Linear(hidden, 2 * hidden)
        self.down = nn.Linear(hidden, hidden)
        self.drop = nn.Dropout(dropout)

    def forward(self, state: Tensor, context: Tensor) -> Tensor:
        scale, shift = self.film(context).chunk(2, dim=1)
        gate, value = self.up(self.norm(state) * (1 + scale) + shift).chunk(2, dim=1)
        out: Tensor = state + self.down(self.drop(silu(gate) * value))
        return out


class Denoiser(nn.Module):
    """D(x, l, condition); the condition carries a flag that says whether it is there."""

    frequencies: Tensor
    width: int

    def __init__(self, width: int, condition: int, settings: ConfounderSettings) -> None:
        super().__init__()
        hidden, dropout = settings.hidden, DROPOUT
        half = TIME_DIM // 2
        self.width = width
        self.enter = nn.Linear(width, hidden)
        self.time = nn.Sequential(nn.Linear(2 * half, hidden), nn.SiLU(), nn.Linear(hidden, hidden))
        self.condition = nn.Linear(condition + 1, hidden)
        self.drop = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(_Block(hidden, dropout) for _ in range(settings.blocks))
        self.leave = nn.Linear(hidden, width)
        spaced = torch.exp(torch.linspace(math.log(0.05), math.log(3.0), half))
        self.register_buffer("frequencies", spaced, persistent=False)

    def correction(self, noisy: Tensor, level: Tensor, condition: Tensor, given: Tensor) -> Tensor:
        """F, shapes (B, p), (B,), (B, q), (B,) 0/1 -> (B, p)."""
        angle = level[:, None] * self.frequencies
        known = torch.cat([condition * given[:, None], given[:, None]], dim=1)
        context = self.condition(self.drop(known))
        state = self.enter(noisy) + context
        context = silu(context + self.time(torch.cat([angle.sin(), angle.cos()], dim=1)))
        for block in self.blocks:
            state = block(state, context)
        out: Tensor = self.leave(state)
        return out

    def forward(self, noisy: Tensor, level: Tensor, condition: Tensor, given: Tensor) -> Tensor:
        """D, shapes as in :meth:`correction`."""
        signal = torch.sigmoid(level)[:, None]
        inside = self.correction(noisy, level, condition, given)
        out: Tensor = signal.sqrt() * noisy + (1 - signal).sqrt() * inside
        return out


def noised(clean: Tensor, level: Tensor, noise: Tensor) -> Tensor:
    """sqrt(a) r + sqrt(1 - a) e."""
    signal = torch.sigmoid(level)[:, None]
    out: Tensor = signal.sqrt() * clean + (1 - signal).sqrt() * noise
    return out


@dataclass(frozen=True)
class Trained:
    """The best moving average, its value, and how many epochs ran."""

    network: Denoiser
    value: float
    epochs: int


def train_denoiser(
    clean: Tensor,
    whole: Tensor,
    condition: Tensor,
    settings: ConfounderSettings,
    seed: int,
    judge: Callable[[Denoiser], float],
) -> Trained:
    """Fits D to residuals (n, p) and conditions (n, q); keeps the best epoch by ``judge``.

    Args:
        whole: (n, p), what D learns instead of the residual when the condition is dropped.
    """
    torch.manual_seed(seed)
    network = Denoiser(clean.shape[1], condition.shape[1], settings)
    average = copy.deepcopy(network).eval()
    rows = clean.shape[0]
    batch = min(settings.batch, max(rows // LEAST_BATCHES, 1))
    epochs = max(settings.epochs, -(-settings.least_steps * batch // rows))
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=settings.learning_rate, weight_decay=settings.decay
    )
    pace = one_cycle(optimizer, epochs * -(-rows // batch))
    best = Trained(average, -math.inf, 0)
    every, steps, idle = max(epochs // EVALUATIONS, 1), 0, 0
    for epoch in range(1, epochs + 1):
        for some in torch.split(torch.randperm(rows), batch):
            loss = _loss(network, clean[some], whole[some], condition[some])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(network.parameters(), LARGEST_GRADIENT)
            optimizer.step()
            pace.step()
            steps += 1
            _follow(average, network, min(AVERAGE, (1 + steps) / (10 + steps)))
        if epoch % every:
            continue
        value = judge(average)
        idle = 0 if value > best.value else idle + 1
        if value > best.value:
            best = Trained(copy.deepcopy(average), value, epoch)
        if idle >= PATIENCE:
            break
    return best


def _loss(network: Denoiser, clean: Tensor, whole: Tensor, condition: Tensor) -> Tensor:
    """Mean squared error of F, at levels spread evenly over the batch."""
    count = clean.shape[0]
    spread = (torch.rand(1) + torch.arange(count) / count) % 1
    level = LOWEST + (HIGHEST - LOWEST) * spread
    given = (torch.rand(count) >= DROP_CONDITION).float()
    clean = torch.where(given[:, None] > 0, clean, whole)
    noisy, signal = noised(clean, level, torch.randn_like(clean)), torch.sigmoid(level)[:, None]
    wanted = (clean - signal.sqrt() * noisy) / (1 - signal).sqrt()
    error: Tensor = (network.correction(noisy, level, condition, given) - wanted).square().mean()
    return error


def _follow(average: Denoiser, network: Denoiser, decay: float) -> None:
    """A young average must not lag behind, so ``decay`` grows with the steps."""
    with torch.no_grad():
        for slow, fast in zip(average.parameters(), network.parameters(), strict=True):
            slow.lerp_(fast, 1 - decay)
