"""Ranking losses with shared negatives: sampled softmax, and BPR on the same negatives.

Both take the states themselves, not their products, so that the (B, K) table of scores is never in memory:
rows are processed in blocks that fit into the processor's cache, and the gradient is computed in the same
pass.
"""

from collections.abc import Iterator
from typing import Any, cast

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

CACHED_CELLS = 2**18  # scores held at once on a CPU: 1 MiB
DEVICE_CELLS = 2**25  # and on a GPU


def sampled_softmax(
    users: Tensor, owners: Tensor, positives: Tensor, negatives: Tensor, clash: Tensor, temperature: float
) -> Tensor:
    """Mean of -log softmax of the positive among itself and the shared negatives.

    Negatives are uniform over items, so the logQ correction (Bengio & Senecal 2008) is a constant. A user
    with several pairs in the batch is compared with the negatives once.

    Args:
        users: states (D, d) of distinct users. owners: int64 (B,), the user of each pair, ascending.
        positives: states (B, d). negatives: states (K, d). Scores are dot products; bfloat16 states are
            multiplied in bfloat16 and summed in float32.
        clash: int64 (2, m), ordered by user: users and negatives that are left out.
        temperature: divides the scores.
    """
    loss = _Softmax.apply(users, owners, positives, negatives, clash, temperature)  # type: ignore[no-untyped-call]
    return cast("Tensor", loss)


def bpr(
    users: Tensor, owners: Tensor, positives: Tensor, negatives: Tensor, clash: Tensor, temperature: float
) -> Tensor:
    """Rendle et al. 2009 on one negative per pair: pair b takes negative b mod K of the shared draw.

    Arguments as in :func:`sampled_softmax`; a clash has no weight.
    """
    turn = torch.arange(owners.shape[0], device=owners.device)
    taken, kept = one_negative_each(owners, turn, negatives.shape[0], users.shape[0], clash)
    gap = (users[owners] * (positives - negatives[taken])).sum(dim=1).float() / temperature
    return -(logsigmoid(gap) * kept).sum() / kept.sum().clamp(min=1.0)


def one_negative_each(
    owners: Tensor, turn: Tensor, negatives: int, users: int, clash: Tensor
) -> tuple[Tensor, Tensor]:
    """The negative (B,) of each pair, its ``turn`` modulo K, and float32 (B,): zero where it clashes."""
    taken = turn % negatives
    left_out = torch.zeros(users, negatives, dtype=torch.bool, device=owners.device)
    left_out[clash[0], clash[1]] = True
    return taken, (~left_out[owners, taken]).float()


class _Softmax(torch.autograd.Function):
    """With score s_k = <u, n_k> / t, s_+ = <u, p> / t and q = softmax of both, the gradients of one pair are

        du = (sum_k q_k n_k - (1 - q_+) p) / t,   dp = -(1 - q_+) u / t,   dn_k = q_k u / t.

    q_k of a user's pairs differ only by a factor, so they are summed before the product with the negatives.
    """

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401 - torch's own type is not exported
        users: Tensor,
        owners: Tensor,
        positives: Tensor,
        negatives: Tensor,
        clash: Tensor,
        temperature: float,
    ) -> Tensor:
        scaled = users / temperature
        wide = torch.float64 if users.dtype == torch.float64 else torch.float32
        top = (scaled[owners] * positives).sum(dim=1).to(wide)
        losses, missing = torch.empty_like(top), torch.empty_like(top)
        grad_users, grad_negatives = torch.empty_like(users), torch.zeros_like(negatives, dtype=wide)
        for block, pairs, out in _blocks(users, owners, negatives.shape[0], clash):
            scores = (scaled[block] @ negatives.T).to(wide)
            scores[out[0], out[1]] = -torch.inf
            # finite even if everything clashes
            highest = scores.amax(dim=1).clamp_(min=torch.finfo(wide).min)
            chances = scores.sub_(highest[:, None]).exp_()
            owner = owners[pairs] - block.start
            largest = torch.maximum(highest[owner], top[pairs])
            positive, factor = (top[pairs] - largest).exp(), (highest[owner] - largest).exp()
            others = chances.sum(dim=1)[owner] * factor
            total = positive + others
            losses[pairs] = total.log() + largest - top[pairs]
            missing[pairs] = others / total
            weight = torch.zeros_like(highest).index_add_(0, owner, factor / total)
            chances = chances.mul_(weight[:, None]).to(users.dtype)
            torch.mm(chances, negatives, out=grad_users[block])
            grad_negatives += (scaled[block].T @ chances).T
        weight = missing[:, None].to(users.dtype)
        grad_users.index_put_((owners,), -positives * weight, accumulate=True).div_(temperature)
        ctx.save_for_backward(grad_users, -scaled[owners] * weight, grad_negatives.to(users.dtype))
        ctx.rows = max(owners.shape[0], 1)
        mean: Tensor = losses.sum() / ctx.rows
        return mean

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        share = grads[0] / ctx.rows
        users, positives, negatives = (value * share.to(value.dtype) for value in ctx.saved_tensors)
        return users, None, positives, negatives, None, None


def _blocks(
    users: Tensor, owners: Tensor, negatives: int, clash: Tensor
) -> Iterator[tuple[slice, slice, Tensor]]:
    """Users in blocks, with their pairs and their clashes (rows counted inside the block)."""
    step = max(1, (CACHED_CELLS if users.device.type == "cpu" else DEVICE_CELLS) // negatives)
    count = users.shape[0]
    if count <= step:
        yield slice(0, count), slice(0, owners.shape[0]), clash
        return
    starts = [*range(0, count, step), count]
    bounds = torch.tensor(starts, device=clash.device)
    pairs = torch.searchsorted(owners, bounds).tolist()
    cuts = torch.searchsorted(clash[0].contiguous(), bounds).tolist()
    for number, start in enumerate(starts[:-1]):
        out = clash[:, cuts[number] : cuts[number + 1]] - torch.tensor([[start], [0]], device=clash.device)
        yield slice(start, starts[number + 1]), slice(pairs[number], pairs[number + 1]), out
