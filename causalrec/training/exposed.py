"""Sampled softmax of a click that is an exposure and a like: log P(click) = log exposure + log sigmoid(like).

The plain softmax on scores lets the score itself stand for log P(click). Where many items are liked with a
chance far from zero, that is wrong in form: a like saturates, exposure does not. Here the score is the
logit of a like given exposure, so that what is learned is comparable between items that are liked by many and
by few, and adding or leaving out a cause shifts a logit.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid


@dataclass(frozen=True)
class Exposure:
    """Log exposure of the batch's items, up to a constant, and the intercept of a like.

    Attributes:
        positives: (B,). negatives: (K,). intercept: scalar, learned with the states.
    """

    positives: Tensor
    negatives: Tensor
    intercept: Tensor


def exposed_softmax(
    users: Tensor, positives: Tensor, negatives: Tensor, clash: Tensor, temperature: float, exposure: Exposure
) -> Tensor:
    """Mean of -log softmax of the positive among itself and the shared negatives, over

        exposure_i + log sigmoid(<u, i> / t + intercept).

    Args:
        users: states (B, d). positives: states (B, d). negatives: states (K, d). temperature: t.
        clash: int64 (2, m), row and negative that are left out.
    """
    wanted = (users * positives).sum(dim=1) / temperature + exposure.intercept
    others = users @ negatives.T / temperature + exposure.intercept
    top = exposure.positives + logsigmoid(wanted)
    rest = exposure.negatives + logsigmoid(others)
    left_out = torch.zeros_like(rest, dtype=torch.bool)
    left_out[clash[0], clash[1]] = True
    rest = rest.masked_fill(left_out, float("-inf")).logsumexp(dim=1)
    return (torch.logaddexp(top, rest) - top).mean()
