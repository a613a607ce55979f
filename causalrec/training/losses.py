"""Ranking losses with shared negatives: sampled softmax, and BPR on the same negatives.

Both take the states themselves, not their products, so that the (B, K) table of scores never lies in memory:
rows go through in blocks that fit into the processor's cache, and the gradient is taken in the same pass.
"""

from typing import Any, cast

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

CACHED_CELLS = 2**18  # scores held at once on a CPU: 1 MiB
DEVICE_CELLS = 2**25  # and on a GPU


def sampled_softmax(
    users: Tensor, positives: Tensor, negatives: Tensor, clash: Tensor, temperature: float
) -> Tensor:
    """Mean of -log softmax of the positive among itself and the shared negatives.

    Negatives are uniform over items, so the logQ correction (Bengio & Senecal 2008) is a constant.

    Args:
        users: states (B, d). positives: states (B, d). negatives: states (K, d). Scores are dot products; in
            bfloat16 they are multiplied in it and summed up in float32.
        clash: int64 (2, m), ordered by row: rows and negatives that are left out.
        temperature: divides the scores.
    """
    return cast("Tensor", _Softmax.apply(users, positives, negatives, clash, temperature))  # type: ignore[no-untyped-call]


def bpr(users: Tensor, positives: Tensor, negatives: Tensor, clash: Tensor, temperature: float) -> Tensor:
    """Rendle et al. 2009 on one negative per pair: row b takes negative b mod K of the shared draw.

    Arguments as those of :func:`sampled_softmax`; a clash has no weight.
    """
    taken = torch.arange(users.shape[0], device=users.device) % negatives.shape[0]
    kept = torch.ones(users.shape[0], device=users.device)
    kept[clash[0, taken[clash[0]] == clash[1]]] = 0.0
    gap = (users * (positives - negatives[taken])).sum(dim=1).float() / temperature
    return -(logsigmoid(gap) * kept).sum() / kept.sum().clamp(min=1.0)


class _Softmax(torch.autograd.Function):
    """With score s_k = <u, n_k> / t, s_+ = <u, p> / t and q = softmax of both, the gradients of one row are

    du = (sum_k q_k n_k - (1 - q_+) p) / t,   dp = -(1 - q_+) u / t,   dn_k = q_k u / t.
    """

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401 - torch's own type is not exported
        users: Tensor,
        positives: Tensor,
        negatives: Tensor,
        clash: Tensor,
        temperature: float,
    ) -> Tensor:
        rows, count = users.shape[0], negatives.shape[0]
        scaled = users / temperature
        top = (scaled * positives).sum(dim=1).to(_wide(users))
        total = torch.zeros((), dtype=top.dtype, device=users.device)
        missing = torch.empty_like(top)
        grad_users, grad_negatives = torch.empty_like(users), torch.zeros_like(negatives, dtype=top.dtype)
        step = max(1, (CACHED_CELLS if users.device.type == "cpu" else DEVICE_CELLS) // count)
        starts = list(range(0, rows, step))
        cuts = [0, clash.shape[1]]
        if len(starts) > 1:
            bounds = torch.tensor([*starts, rows], device=clash.device)
            cuts = torch.searchsorted(clash[0].contiguous(), bounds).tolist()
        for number, start in enumerate(starts):
            block = slice(start, min(start + step, rows))
            out = clash[:, cuts[number] : cuts[number + 1]]
            scores = (scaled[block] @ negatives.T).to(top.dtype)
            scores[out[0] - start, out[1]] = float("-inf")
            highest = torch.maximum(scores.amax(dim=1), top[block])
            chances = scores.sub_(highest[:, None]).exp_()
            positive = torch.exp(top[block] - highest)
            others = chances.sum(dim=1)
            total += (torch.log(others + positive) - (top[block] - highest)).sum()
            missing[block] = others / (others + positive)
            chances = chances.div_((others + positive)[:, None]).to(users.dtype)
            torch.mm(chances, negatives, out=grad_users[block])
            grad_negatives += (scaled[block].T @ chances).T
        weight = missing[:, None].to(users.dtype)
        grad_positives = -scaled * weight
        grad_users.sub_(positives * weight).div_(temperature)
        ctx.save_for_backward(grad_users, grad_positives, grad_negatives.to(users.dtype))
        return total / max(rows, 1)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        share = grads[0] / max(ctx.saved_tensors[0].shape[0], 1)
        parts = (value * share.to(value.dtype) for value in ctx.saved_tensors)
        return (*parts, None, None)


def _wide(states: Tensor) -> torch.dtype:
    """The type in which exponentials are taken and summed."""
    return torch.float64 if states.dtype == torch.float64 else torch.float32
