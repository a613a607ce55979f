"""Random numbers of the sampler: normal, binomial, Polya-Gamma, and precisions of normal effects."""

import math

import torch
from torch import Tensor

from causalrec.model.causal.response.solves import polya_gamma_mean


class Draws:
    """Draws from one seed; on the CPU, so that a GPU continues with the same numbers."""

    def __init__(self, seed: int, device: torch.device) -> None:
        self.device = device
        self.generator = torch.Generator().manual_seed(seed)

    def normal(self, shape: tuple[int, ...]) -> Tensor:
        """float64 standard normal numbers."""
        return torch.randn(shape, generator=self.generator, dtype=torch.float64).to(self.device)

    def binomial(self, count: Tensor, chance: Tensor) -> Tensor:
        """How many of ``count`` happen, each with its ``chance``; fractions of a count are at their mean."""
        whole = count.floor()
        drawn = torch.binomial(whole.cpu(), chance.clamp(0.0, 1.0).cpu(), generator=self.generator)
        return drawn.to(self.device) + (count - whole) * chance

    def polya_gamma(self, count: Tensor, logits: Tensor) -> Tensor:
        """PG(count, logit), with all but the first term of its series of gamma variables at their mean.

        The first term has 98 % of the variance at a logit of 0 and two thirds at 10 (Polson, Scott and
        Windle, JASA 2013, equation 1).
        """
        first = 1.0 / (2.0 * math.pi**2 * (0.25 + (logits / (2.0 * math.pi)).square()))
        rest = count * (polya_gamma_mean(logits) - first)
        drawn = self._gamma(count)
        # a gamma variable of shape 0 comes out subnormal, which slows all later arithmetic down
        return rest + first * drawn.where(count > 0, drawn.new_zeros(()))

    def precision(self, squares: Tensor) -> Tensor:
        """A precision per column of ``squares`` (n, k) or (n,), from its posterior under Gamma(1, 1)."""
        shape = torch.full(squares.shape[1:], 1.0 + squares.shape[0] / 2, dtype=squares.dtype)
        return self._gamma(shape) / (1.0 + squares.sum(dim=0) / 2)

    def _gamma(self, shape: Tensor) -> Tensor:
        drawn: Tensor = torch._standard_gamma(shape.cpu(), generator=self.generator).to(self.device)
        return drawn
