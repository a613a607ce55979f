"""Ranking losses on unit states: sampled softmax with shared negatives, and BPR on the same negatives."""

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid


def sampled_softmax(positive: Tensor, negative: Tensor, clash: Tensor, temperature: float) -> Tensor:
    """Mean of -log softmax of the positive among itself and the shared negatives.

    Negatives are uniform over items, so the logQ correction (Bengio & Senecal 2008) is a constant.

    Args:
        positive: cosines (B,). negative: cosines (B, K). clash: bool (B, K), left out.
    """
    top = positive / temperature
    rest = (negative / temperature).masked_fill(clash, float("-inf")).logsumexp(dim=1)
    return (torch.logaddexp(top, rest) - top).mean()


def bpr(positive: Tensor, negative: Tensor, clash: Tensor, temperature: float) -> Tensor:
    """Rendle et al. 2009 on one negative per pair: row b takes column b of the shared draw.

    ``negative`` needs no more columns than rows are used; a clash has no weight.
    """
    rows = torch.arange(positive.shape[0], device=positive.device)
    columns = rows % negative.shape[1]
    kept = (~clash[rows, columns]).float()
    gap = (positive - negative[rows, columns]) / temperature
    return -(logsigmoid(gap) * kept).sum() / kept.sum().clamp(min=1.0)
