"""Log density, draws and mean of the residual, from a trained denoiser."""

import math
from itertools import pairwise

import torch
from torch import Tensor

from causalrec.model.causal.crossmodal.diffusion import HIGHEST, LOWEST, Denoiser, noised

FIRST, LAST = -9.0, 9.0  # log signal-to-noise between which the bound is integrated
STEPS = 24  # of a draw
BLOCK = 8_192  # rows at a time


def log_density(
    network: Denoiser, clean: Tensor, condition: Tensor, given: float, draws: int, seed: int
) -> Tensor:
    """Lower bound of log p(r | condition), (n,), in nats.

    The variational bound in continuous time (Kingma et al. 2021, equation 17, in terms of r):

        log p(r) >= -1/2 int snr |r - D|^2 d log snr - KL(first || N(0, I)) + E log p(r | last),

    by ``draws`` levels per row, one in each of as many equal parts of the range.
    """
    generator = torch.Generator().manual_seed(seed)
    parts = [
        _bound(network, rows, given_rows, given, draws, generator)
        for rows, given_rows in zip(torch.split(clean, BLOCK), torch.split(condition, BLOCK), strict=True)
    ]
    return torch.cat(parts) if parts else torch.zeros(0)


def _bound(
    network: Denoiser, clean: Tensor, condition: Tensor, given: float, draws: int, generator: torch.Generator
) -> Tensor:
    count, width = clean.shape
    flag = torch.full((count,), given)
    total = torch.zeros(count)

    def error(level: Tensor) -> Tensor:
        noise = torch.randn(clean.shape, generator=generator)
        out: Tensor = clean - network(noised(clean, level, noise), level, condition, flag)
        return out.square().sum(dim=1)

    with torch.no_grad():
        for draw in range(draws):
            place = (draw + torch.rand(count, generator=generator)) / draws
            level = FIRST + (LAST - FIRST) * place
            total -= 0.5 * (LAST - FIRST) / draws * level.exp() * error(level)
        signal = 1 / (1 + math.exp(-FIRST))
        squares = clean.square().sum(dim=1)
        total -= 0.5 * (signal * squares - width * signal - width * math.log1p(-signal))
        variance = 1 / (1 + math.exp(LAST))
        total -= 0.5 * error(torch.full((count,), LAST)) / variance
        total -= 0.5 * width * math.log(2 * math.pi * variance)
    return total


def draw_residuals(network: Denoiser, condition: Tensor, seed: int) -> Tensor:
    """One r per row of the condition, (n, p): ancestral sampling (Kingma et al. 2021, equation 32)."""
    generator = torch.Generator().manual_seed(seed)
    width = network.leave.out_features
    levels = torch.linspace(LOWEST, HIGHEST, STEPS + 1)
    parts = []
    with torch.no_grad():
        for rows in torch.split(condition, BLOCK):
            flag = torch.ones(rows.shape[0])
            state = torch.randn(rows.shape[0], width, generator=generator)
            for now, then in pairwise(levels):
                clean = network(state, now.expand(rows.shape[0]), rows, flag)
                state = _step(state, clean, now, then, generator)
            parts.append(network(state, levels[-1].expand(rows.shape[0]), rows, flag))
    return torch.cat(parts) if parts else torch.zeros(0, width)


def _step(state: Tensor, clean: Tensor, now: Tensor, then: Tensor, generator: torch.Generator) -> Tensor:
    """q(x at ``then`` | x at ``now``, r)."""
    share = -torch.expm1(now - then)
    size_now, size_then = torch.sigmoid(now).sqrt(), torch.sigmoid(then).sqrt()
    mean = size_then * (state * (1 - share) / size_now + share * clean)
    noise = torch.randn(state.shape, generator=generator)
    out: Tensor = mean + (torch.sigmoid(-then) * share).sqrt() * noise
    return out


def mean_residual(network: Denoiser, condition: Tensor, draws: int, seed: int) -> Tensor:
    """E[r | condition], (n, p): D at the noisiest level, averaged over ``draws`` noises."""
    generator = torch.Generator().manual_seed(seed)
    level, flag = torch.full((condition.shape[0],), LOWEST), torch.ones(condition.shape[0])
    total = torch.zeros(condition.shape[0], network.leave.out_features)
    with torch.no_grad():
        for _ in range(draws):
            noise = torch.randn(total.shape, generator=generator)
            total += network(noise, level, condition, flag) / draws
    return total
