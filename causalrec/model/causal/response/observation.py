"""The observation model of responses: examination, accidents and the depth of responses.

A look at a position of stratum k is examined with probability x_k (cascade and position models of clicks:
Chuklin, Markov and de Rijke 2015); whoever examines the item responds with probability sigma(s), and without
such a response an accident happens with probability a. A true response goes one step deeper with probability
sigma(alpha_j + beta_j s), an accident with its own rate. Given the logits, each row's examined looks and true
responses are drawn; both enter the same linear solves.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import torch
from scipy.optimize import isotonic_regression
from torch import Tensor

from causalrec.config.response import ResponseSettings
from causalrec.model.causal.response.draws import Draws
from causalrec.model.causal.response.rows import LookRows

PSEUDO_LOOKS, PSEUDO_ACCIDENTS = 50.0, 1.0  # weak prior of the accident rate: 2 %
LEAST_EXAMINED = 0.05
LARGEST_ACCIDENTS = 0.2
SLOPE_PRECISION = 1.0
Part = Callable[[Tensor, Tensor], Tensor]


@dataclass
class Hidden:
    """Per row: looks that were examined (r,), and true responses by depth (J, r)."""

    looks: Tensor
    reached: Tensor


@dataclass
class Observation:
    """How responses are observed; learnt together with the states.

    Attributes:
        examined: (S,) x_k, 1 at the best position. accident: a.
        deeper_by_accident: (J - 1,) chance that an accident goes one step deeper.
        offset, slope: (J - 1,) alpha_j and beta_j; with a slope of zero, the depth says nothing.
    """

    settings: ResponseSettings
    examined: Tensor
    offset: Tensor
    slope: Tensor
    deeper_by_accident: Tensor
    draws: Draws
    accident: float = 0.0
    hidden: Hidden = field(init=False)

    @staticmethod
    def start(rows: LookRows, settings: ResponseSettings, draws: Draws) -> "Observation":
        """Examination by the share of responses per position, accidents at their prior."""
        depths = len(rows.reached) - 1 if settings.depths else 0
        zeros = rows.count.new_zeros(depths)
        ones = torch.ones_like(rows.position)
        made = Observation(settings, ones, zeros - 0.5, zeros + 0.3, zeros + 0.3, draws)
        made.accident = PSEUDO_ACCIDENTS / PSEUDO_LOOKS if settings.accidents else 0.0
        if settings.examination:
            made.examined = _falling(rows, rows.reached[0], rows.count)
        made.hidden = Hidden(rows.count, rows.reached[: depths + 1])
        return made

    def evidence(self, rows: LookRows, logits: Tensor) -> tuple[Tensor, Tensor]:
        """Weight w and target t (m,) per pair: the log-likelihood of its logit s is t s - w s^2 / 2.

        Given draws of what is hidden.
        """
        self.hidden = self._hidden(rows, logits, self.draws.binomial)
        looks = rows.per_pair(self.hidden.looks)
        reached = [rows.per_pair(depth) for depth in self.hidden.reached]
        weight = self.draws.polya_gamma(looks, logits)
        target = reached[0] - looks / 2
        for step, (tried, went) in enumerate(pairwise(reached)):
            offset, slope = self.offset[step], self.slope[step]
            bent = self.draws.polya_gamma(tried, offset + slope * logits)
            weight = weight + slope**2 * bent
            target = target + slope * (went - tried / 2 - bent * offset)
        return weight, target

    def learn(self, rows: LookRows, logits: Tensor) -> None:
        """The rates of the observation given the draws of the last call of :meth:`evidence`."""
        found = self.hidden
        if self.settings.examination:
            self.examined = _falling(rows, found.looks, rows.count)
        if self.settings.accidents:
            self._learn_accidents(rows)
        reached = [rows.per_pair(depth) for depth in found.reached]
        for step, (tried, went) in enumerate(pairwise(reached)):
            self._learn_depth(step, tried, went, logits)

    def meant(self, rows: LookRows, logits: Tensor) -> Tensor:
        """Expected number of responses (r,) that were not accidents, given the logits (m,) of the pairs."""
        return self._hidden(rows, logits, torch.mul).reached[0]

    def _hidden(self, rows: LookRows, logits: Tensor, part: Part) -> Hidden:
        if not (self.settings.examination or self.settings.accidents):
            return self.hidden
        chance, steps = (
            torch.sigmoid(logits),
            torch.sigmoid(self.offset[:, None] + self.slope[:, None] * logits),
        )
        wanted, steps = (self.examined[rows.stratum] * chance[rows.pair]), steps[:, rows.pair]
        depths = len(self.offset) + 1
        true = [rows.count.new_zeros(len(rows.count))] * depths
        path, slip = wanted, self.accident * (1 - wanted)
        for depth in range(depths):
            exactly = rows.reached[depth].clone()
            ends, falls = path, slip
            if depth + 1 < depths:
                exactly -= rows.reached[depth + 1]
                ends, falls = path * (1 - steps[depth]), slip * (1 - self.deeper_by_accident[depth])
                path, slip = path * steps[depth], slip * self.deeper_by_accident[depth]
            meant = part(exactly, ends / (ends + falls))
            true = [so_far + meant if step <= depth else so_far for step, so_far in enumerate(true)]
        unanswered = rows.count - true[0]
        missed = self.examined[rows.stratum] * (1 - chance[rows.pair]) / (1 - wanted)
        return Hidden(true[0] + part(unanswered, missed), torch.stack(true))

    def _learn_accidents(self, rows: LookRows) -> None:
        true, depths = self.hidden.reached, len(self.hidden.reached)
        slips = (rows.reached[:depths] - true).sum(dim=1)
        chances = (rows.count - true[0]).sum()
        rate = float((slips[0] + PSEUDO_ACCIDENTS) / (chances + PSEUDO_LOOKS))
        self.accident = min(rate, LARGEST_ACCIDENTS)
        self.deeper_by_accident = (slips[1:] + 1) / (slips[:-1] + 3)

    def _learn_depth(self, step: int, tried: Tensor, went: Tensor, logits: Tensor) -> None:
        """One step of Newton's method for the logistic regression of going deeper on the logit; no negative
        slope. Sweeps go on from one another, so a step each is enough."""
        offset, slope = self.offset[step], self.slope[step]
        chance = torch.sigmoid(offset + slope * logits)
        surprise, curve = went - tried * chance, tried * chance * (1 - chance)
        gradient = torch.stack([surprise.sum(), (surprise * logits).sum() - SLOPE_PRECISION * slope])
        cross = (curve * logits).sum()
        bend = (curve * logits**2).sum() + SLOPE_PRECISION
        hessian = torch.stack([torch.stack([curve.sum() + 1e-6, cross]), torch.stack([cross, bend])])
        offset, slope = torch.stack([offset, slope]) + torch.linalg.solve(hessian, gradient)
        self.offset[step], self.slope[step] = offset, slope.clamp(min=0.0)


def _falling(rows: LookRows, part: Tensor, whole: Tensor) -> Tensor:
    """Share (S,) of ``part`` in ``whole`` that never rises with the position, 1 at the best one.

    Strata without a position count as the best.
    """
    share = rows.per_stratum(part) / rows.per_stratum(whole).clamp(min=1e-9)
    weight = rows.per_stratum(whole).cpu().numpy() + 1e-9
    known = np.flatnonzero(~torch.isnan(rows.position).cpu().numpy())
    found = torch.ones_like(rows.position)
    if known.size < 2:
        return found
    order = known[np.argsort(rows.position.cpu().numpy()[known], kind="stable")]
    fitted = isotonic_regression(share.cpu().numpy()[order], weights=weight[order], increasing=False).x
    fitted = np.clip(fitted / max(fitted[0], 1e-9), LEAST_EXAMINED, 1.0)
    found[torch.as_tensor(order, device=found.device)] = torch.as_tensor(fitted, device=found.device)
    return found
