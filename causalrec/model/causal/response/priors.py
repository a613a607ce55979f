"""Hierarchical priors: what content and codes say about an item, how users differ.

All variances are learnt.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from causalrec.model.causal.response.design import Design
from causalrec.model.causal.response.solves import Noise, gaussian_draw


@dataclass
class Scales:
    """Precisions of the priors.

    Attributes:
        taste, merit: (d,) of users' and items' states. bias: of users. demand: of the part of an item's
            demand that the design does not explain. map: of the map from content to merit. effects: per part
            of the design.
    """

    taste: Tensor
    merit: Tensor
    bias: Tensor
    demand: Tensor
    map: Tensor
    effects: Tensor

    @staticmethod
    def start(dim: int, parts: int, like: Tensor) -> "Scales":
        """Weakly regularised; the first sweeps adapt the rest."""
        one = like.new_ones(())
        return Scales(
            like.new_full((dim,), 2.0), like.new_full((dim,), 2.0), one, one, 50 * one, like.new_ones(parts)
        )


@dataclass
class ItemPrior:
    """Means of items' merit and demand given the design.

    The states of an item that nobody has looked at are nothing but draws from this prior. If coefficients
    were drawn from them too, those of a level without looks (a brand that is new to everybody) would follow
    what they had themselves made up the sweep before, and wander for longer than any fit lasts.

    Attributes:
        map: (p, d) from content to merit. effects: (columns of the design,) on demand.
        met: int64 (n,), the items with looks, which alone say anything about coefficients and scales.
    """

    design: Design
    map: Tensor
    effects: Tensor
    met: Tensor

    def __post_init__(self) -> None:
        self._known = self.design.of(self.met)
        self._content_gram = self._known.content.T @ self._known.content
        self._gram = self._known.gram()

    @staticmethod
    def start(design: Design, dim: int, met: Tensor) -> "ItemPrior":
        """Content and codes say nothing yet."""
        like = design.content
        empty = like.new_zeros(like.shape[1], dim), like.new_zeros(sum(design.widths))
        return ItemPrior(design, *empty, met)

    def merit(self) -> Tensor:
        """Expected merit (N, d)."""
        return self.design.content @ self.map

    def demand(self) -> Tensor:
        """Expected demand (N,)."""
        return self.design.times(self.effects)

    def draw(self, merit: Tensor, demand: Tensor, scales: Scales, noise: Noise) -> None:
        """New coefficients given the items' merit (N, d) and demand (N,)."""
        merit, demand = merit[self.met], demand[self.met]
        if self.map.shape[0]:
            ridge = scales.map * torch.eye(self.map.shape[0], dtype=merit.dtype, device=merit.device)
            factor = torch.linalg.cholesky(self._content_gram + ridge)
            mean = torch.cholesky_solve(self._known.content.T @ merit, factor)
            spread = torch.linalg.solve_triangular(factor.T, noise(tuple(mean.shape)), upper=True)
            self.map = mean + spread / scales.merit.sqrt()
        if self.effects.shape[0]:
            precision = torch.cat(
                [scale.expand(width) for scale, width in zip(scales.effects, self.design.widths, strict=True)]
            )
            system = scales.demand * self._gram + torch.diag(precision)
            right = scales.demand * self._known.transposed_times(demand)
            _, drawn = gaussian_draw(system[None], right[None], noise)
            self.effects = drawn[0]

    def draw_scales(
        self, scales: Scales, states: tuple[Tensor, Tensor, Tensor, Tensor], draw: Callable[[Tensor], Tensor]
    ) -> None:
        """New precisions given taste (k, d) and bias (k,) of users with looks, merit (N, d), demand (N,).

        Args:
            draw: a precision per column of squares.
        """
        taste, bias, merit, demand = states
        scales.taste = draw(taste.square())
        scales.merit = draw((merit - self.merit())[self.met].square())
        scales.bias = draw(bias.square())
        scales.demand = draw((demand - self.demand())[self.met].square())
        scales.map = draw((self.map.square() * scales.merit).flatten())
        parts = torch.split(self.effects, list(self.design.widths))
        scales.effects = torch.stack([draw(part.square()) for part in parts])
