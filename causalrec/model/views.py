"""L_cl and L_comp: what two views of one user or item have in common, and what thrown-away edges may say.

L_cl pulls together the states of one node on the full and on the reconstructed graph, or of one item in two
modalities, against the other nodes of the batch (InfoNCE, van den Oord et al. 2018; between views of a
graph: SGL, Wu et al. SIGIR 2021). Assumption: what matters of a node survives the removal of its doubtful
edges.

L_comp lets a small head predict items from the edges that topology threw away, and pulls that prediction
to popularity. Assumption: what is thrown away is exposure, and exposure follows popularity. Nothing stops
states from learning to say less instead, so its weight is small.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, kl_div, log_softmax

from causalrec.model.graph import Operator, propagate, unit_rows

MOST_ROWS = 1_024  # of a batch that are compared with each other


def some_of(rows: Tensor, most: int = MOST_ROWS) -> Tensor:
    """At most ``most`` distinct ids of ``rows`` (n,), drawn by torch's seed."""
    distinct = torch.unique(rows)
    chosen: Tensor = distinct[torch.randperm(distinct.numel())[:most].to(rows.device)]
    return chosen


def info_nce(first: Tensor, second: Tensor, temperature: float) -> Tensor:
    """Mean of -log softmax of cosine(first_i, second_i) among cosine(first_i, second_j) for (n, d) each.

    Rows of length zero in either view do not count; with less than two left the loss is zero.
    """
    known = (first.square().sum(dim=1) > 0) & (second.square().sum(dim=1) > 0)
    first, second = unit_rows(first[known]), unit_rows(second[known])
    if first.shape[0] < 2:
        return first.sum() * 0
    target = torch.arange(first.shape[0], device=first.device)
    return cross_entropy(first @ second.T / temperature, target)


class ComplementHead(nn.Module):
    """L_comp: how far the prediction from thrown-away edges is from popularity."""

    def __init__(self, dim: int, temperature: float) -> None:
        super().__init__()
        self.temperature = temperature
        self.head = nn.Linear(dim, dim, bias=False)
        nn.init.eye_(self.head.weight)

    def forward(
        self, rest: Operator, base: Tensor, users: Tensor, items: Tensor, popularity: Tensor
    ) -> Tensor:
        """KL divergence of popularity from the prediction over the batch's items, in nats.

        Args:
            rest: the graph of thrown-away edges. base: item states (N, d) before propagation.
            users, items: distinct ids of the batch. popularity: float32 (N,), training pairs of each item.
        """
        nobody = torch.zeros(rest.matrix.shape[0], base.shape[1], device=base.device, dtype=base.dtype)
        said = propagate(rest, nobody, base, 1)[0][users]
        said = self.head(said[said.square().sum(dim=1) > 0])
        if said.shape[0] == 0:
            return base.sum() * 0
        predicted = log_softmax(unit_rows(said) @ unit_rows(base[items]).T / self.temperature, dim=1)
        shares = popularity[items] / popularity[items].sum()
        return kl_div(predicted, shares.expand_as(predicted), reduction="batchmean")
