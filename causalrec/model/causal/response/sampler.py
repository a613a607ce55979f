"""Blocked Gibbs sweeps over users, items and shared parameters.

Hidden variables (which looks were examined, which responses were accidents, Polya-Gamma weights), states,
coefficients and precisions are drawn; rates of the observation are at their mode given those draws. With
hidden variables at their means instead, every sweep takes them for known, draws too narrowly and learns
precisions that are too high, until nothing is left of tastes where looks say little.

Averages are taken over the users' conditional means given the items rather than over their draws, which has
the same expectation and less noise (Gelfand and Smith, JASA 1990), so that fewer sweeps are needed.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from causalrec.config.response import ResponseSettings
from causalrec.errors import TrainingError
from causalrec.model.causal.response.design import Design
from causalrec.model.causal.response.draws import Draws
from causalrec.model.causal.response.observation import Observation
from causalrec.model.causal.response.priors import ItemPrior, Scales
from causalrec.model.causal.response.rows import LookRows
from causalrec.model.causal.response.solves import draw_states

BURN_IN = 0.3  # share of the sweeps before averaging begins
AVERAGED = 100  # about as many states are averaged; neighbouring ones say nearly the same

BLOCK = 65_536  # users or items solved at once

START = 0.3  # standard deviation of the first states
LEARN_AFTER = 10  # sweeps before the observation is learnt: until then states are still arbitrary
OBSERVED = Callable[["State"], None]


@dataclass
class State:
    """One draw: the logit of user u and item i is base + bias_u + demand_i + <taste_u, merit_i>.

    Attributes:
        taste: (U, d). bias: (U,). merit: (N, d). demand: (N,).
    """

    taste: Tensor
    bias: Tensor
    merit: Tensor
    demand: Tensor
    base: Tensor

    def logits(self, users: Tensor, items: Tensor) -> Tensor:
        """Of pairs (m,)."""
        match = (self.taste[users] * self.merit[items]).sum(dim=1)
        return match + self.base + self.bias[users] + self.demand[items]


class Sampler:
    """Gibbs sampler of one shop.

    Args:
        rows, design: data on looks and items; both on the device to compute on.
    """

    def __init__(self, rows: LookRows, design: Design, settings: ResponseSettings, seed: int) -> None:
        self.rows, self.settings = rows, settings
        self.draws = Draws(seed, rows.count.device)
        like, dim = design.content, settings.dim
        n_users, n_items = len(rows.by_user), len(rows.by_item)
        share = (rows.reached[0].sum() + 1) / (rows.count.sum() + 2)
        self.state = State(
            START * self.draws.normal((n_users, dim)),
            like.new_zeros(n_users),
            START * self.draws.normal((n_items, dim)),
            like.new_zeros(n_items),
            torch.logit(share).to(like.dtype),
        )
        self.met = rows.by_user.met()
        self.prior = ItemPrior.start(design, dim, rows.by_item.met())
        self.scales = Scales.start(dim, len(design.widths), like)
        self.observation = Observation.start(rows, settings, self.draws)

    def run(self, on_mean: OBSERVED, on_sweep: Callable[[int, float], None]) -> None:
        """Runs all sweeps; ``on_mean`` receives every state to average, ``on_sweep`` number and change.

        Raises:
            TrainingError: a state is not finite.
        """
        self._pairs = self._logits()  # of the pairs of ``rows``, at the last draw
        burn_in = int(BURN_IN * self.settings.sweeps)
        thin = max(1, (self.settings.sweeps - burn_in) // AVERAGED)
        for sweep in range(self.settings.sweeps):
            kept = sweep >= burn_in and (sweep - burn_in) % thin == 0
            self.sweep(sweep, on_mean if kept else None)
            if not bool(torch.isfinite(self.state.base)) or not bool(torch.isfinite(self.state.merit).all()):
                raise TrainingError(
                    f"the response model is not finite after sweep {sweep + 1}",
                    do="check the item features for huge values",
                )
            on_sweep(sweep, float(self.state.base))

    def sweep(self, number: int, on_mean: OBSERVED | None = None) -> None:
        """Draws everything once, given everything else.

        ``on_mean`` receives the state with the users at their means given the rest.
        """
        weight, target = self.observation.evidence(self.rows, self._pairs)
        if number >= LEARN_AFTER:
            self.observation.learn(self.rows, self._pairs)
        users = self._draw_users(weight, target)
        if on_mean is not None:
            on_mean(users)
        self._draw_items(weight, target)
        self._move_base(weight, target)
        state = self.state
        self.prior.draw(state.merit, state.demand, self.scales, self.draws.normal)
        states = state.taste[self.met], state.bias[self.met], state.merit, state.demand
        self.prior.draw_scales(self.scales, states, self.draws.precision)

    def _logits(self) -> Tensor:
        return self.state.logits(self.rows.users, self.rows.items)

    def _draw_users(self, weight: Tensor, target: Tensor) -> State:
        """Draws the users; returns the state with their means in place of the draws."""
        state, scales = self.state, self.scales
        left = target - weight * (state.base + state.demand[self.rows.items])
        precision = torch.cat([scales.taste, scales.bias[None]])
        mean = precision.new_zeros(len(state.bias), len(precision))
        features = _with_one(state.merit)
        side, block = self.rows.by_user, BLOCK
        prior = precision, mean
        means, drawn = draw_states(side, features, weight, left, prior, self.draws.normal, block)
        state.taste, state.bias = drawn[:, :-1], drawn[:, -1]
        return State(means[:, :-1], means[:, -1], state.merit, state.demand, state.base)

    def _draw_items(self, weight: Tensor, target: Tensor) -> None:
        state, scales = self.state, self.scales
        left = target - weight * (state.base + state.bias[self.rows.users])
        precision = torch.cat([scales.merit, scales.demand[None]])
        mean = torch.cat([self.prior.merit(), self.prior.demand()[:, None]], dim=1)
        features = _with_one(state.taste)
        side, block = self.rows.by_item, BLOCK
        _, drawn = draw_states(side, features, weight, left, (precision, mean), self.draws.normal, block)
        state.merit, state.demand = drawn[:, :-1], drawn[:, -1]

    def _move_base(self, weight: Tensor, target: Tensor) -> None:
        before = self._logits()
        change = (target - weight * before).sum() / weight.sum()
        self.state.base = self.state.base + change
        self._pairs = before + change


def _with_one(states: Tensor) -> Tensor:
    return torch.cat([states, torch.ones_like(states[:, :1])], dim=1)
