"""The learning rate of networks over items: up for a tenth of the steps, then down along a cosine."""

import math

import torch

LEAST_BATCHES = 4  # per epoch; small catalogues have smaller batches

RISE = 0.1


def one_cycle(optimizer: torch.optim.Optimizer, steps: int) -> torch.optim.lr_scheduler.LambdaLR:
    """A schedule for ``steps`` calls of ``step()``; the optimizer's rate is its peak."""

    def factor(step: int) -> float:
        share = min((step + 1) / max(steps, 1), 1.0)
        return min(share / RISE, 1.0) * 0.5 * (1 + math.cos(math.pi * share))

    return torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
