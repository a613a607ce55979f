"""Module 4, front-door adjustment: preference reaches the outcome through what the kept sub-graph says of
a user.

Assumption: exposure S affects the outcome only through the mediator M (the read-out of a user on the
reconstructed graph), and S and M share no further cause. Then P(Y | do(S = s)) = sum_m P(m | s) sum_s'
P(s') P(Y | m, s') (Pearl 1995). M is read out deterministically and the graph comes from exposed edges,
so both assumptions hold only in part: call it front-door inspired.

The sum over s' (cross-sample attention, Yang et al. CVPR 2021) runs over a dictionary of typical
exposures: the k-means centres D_k of user states on the *full* graph with shares pi_k:

    s^_u = sum_k softmax_k((Q m_u)' (K D_k) / sqrt(d) + log pi_k) V D_k,    e_u = m_u + W s^_u,  W starts
    at zero.
"""

import numpy as np
import torch
from torch import Tensor, nn

from causalrec.config.model import FrontdoorSettings
from causalrec.dataset.arrays import Floats
from causalrec.model.causal.codebook import k_means
from causalrec.model.read_out import Attention

DECAY = 0.9  # of the moving averages of the entries

SAMPLE = 8_192
ROUNDS = 5


class FrontdoorAdjustment(nn.Module):
    """Attention over the dictionary, added to the mediator."""

    def __init__(self, dim: int, n_users: int, settings: FrontdoorSettings) -> None:
        super().__init__()
        self.settings = settings
        codes = max(min(settings.codes, n_users // 4), 1)
        self.query = nn.Linear(dim, dim, bias=False)
        self.key = nn.Linear(dim, dim, bias=False)
        self.value = nn.Linear(dim, dim, bias=False)
        self.leave = nn.Linear(dim, dim, bias=False)
        nn.init.zeros_(self.leave.weight)
        self.register_buffer("dictionary", torch.zeros(codes, dim))
        self.register_buffer("share", torch.zeros(codes))

    @property
    def ready(self) -> bool:
        """Whether a dictionary has been built."""
        return bool(self.get_buffer("share").sum() > 0)

    def refresh(self, full_states: Floats, seed: int) -> None:
        """Rebuilds the dictionary from user states (U, d) on the full graph.

        The first time by k-means on a sample of users; later each centre moves a share 1 - ``decay``
        towards the mean of the users nearest to it, so that the attention does not jump.
        """
        dictionary, share = self.get_buffer("dictionary"), self.get_buffer("share")
        rng = np.random.default_rng(seed)
        sample = full_states[rng.permutation(full_states.shape[0])[:SAMPLE]]
        if not self.ready:
            centers = k_means(sample, dictionary.shape[0], ROUNDS, rng)
            dictionary.copy_(torch.from_numpy(centers))
        centers = dictionary.cpu().numpy()
        near = (np.square(centers).sum(axis=1) - 2 * sample @ centers.T).argmin(axis=1)
        sizes = np.bincount(near, minlength=centers.shape[0]).astype(np.float32)
        sums = np.zeros_like(centers)
        np.add.at(sums, near, sample)
        full = torch.from_numpy(sizes > 0).to(dictionary.device)
        means = torch.from_numpy(sums / np.maximum(sizes, 1)[:, None]).to(dictionary.device)
        keep = DECAY
        dictionary[full] = keep * dictionary[full] + (1 - keep) * means[full]
        now = torch.from_numpy((sizes + 1) / (sizes + 1).sum()).to(share.device)
        share.copy_(keep * share + (1 - keep) * now if self.ready else now)

    def folded(self) -> Attention | None:
        """The same map with its matrices multiplied out; None before the first dictionary."""
        if not self.ready:
            return None
        dictionary = self.get_buffer("dictionary")
        with torch.no_grad():
            match = self.query.weight.T @ self.key(dictionary).T / dictionary.shape[1] ** 0.5
            parts = match, self.get_buffer("share").log(), self.leave(self.value(dictionary))
        return Attention(*(np.ascontiguousarray(part.cpu().numpy()) for part in parts))

    def forward(self, mediator: Tensor) -> Tensor:
        """m_u + W s^_u for mediators (n, d); the mediator alone before the first dictionary."""
        if not self.ready:
            return mediator
        dictionary = self.get_buffer("dictionary")
        match = self.query(mediator) @ self.key(dictionary).T / mediator.shape[1] ** 0.5
        weight = torch.softmax(match + self.get_buffer("share").log(), dim=1)
        mixed: Tensor = mediator + self.leave(weight @ self.value(dictionary))
        return mixed
