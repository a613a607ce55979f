"""The user-item graph of the causal model: which edges count, and how much."""

from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
import torch
from torch import nn

from causalrec.config.model import TopologySettings
from causalrec.dataset.arrays import Floats, Interactions, Ints
from causalrec.model.causal.edge_sampling import sample_edges
from causalrec.model.causal.topology import (
    EdgeChoices,
    edge_evidence,
    judge_edges,
    propose_edges,
    weighted_graph,
)
from causalrec.model.factors import item_popularity
from causalrec.model.graph import Operator, operator, symmetric

ADD_WEIGHT = 0.3  # weight of an added edge


class ReconstructedGraph(nn.Module):
    """The weight of every observed edge as buffers, and the propagation operators that follow from it.

    Attributes:
        full: all observed edges as they are. graph: the reconstructed ones. drawn: those that this epoch
        trains on.
    """

    def __init__(
        self, data: Interactions, settings: TopologySettings, seed: int, device: torch.device
    ) -> None:
        super().__init__()
        self.settings, self.seed, self.place = settings, seed, device
        self.pairs, self.shape = data.train, (data.n_users, data.n_items)
        self.popularity = item_popularity(data)
        edges, extra = data.train.shape[1], settings.add_per_user if settings.enabled else 0
        self.register_buffer("weight", torch.ones(edges))
        self.register_buffer("evidence", torch.ones(edges))
        self.register_buffer("kept", torch.ones(edges, dtype=torch.bool))
        self.register_buffer("linked", torch.full((data.n_users, extra), -1, dtype=torch.int32))
        self.full = operator(symmetric(data.train_matrix()), device)
        self.graph = self.full
        self.drawn = self.full
        self.epoch = 0

    def due(self, epoch: int) -> bool:
        """Whether edges are re-judged before ``epoch``: every ``refresh_every`` after the warm-up."""
        since = epoch - self.settings.warmup
        return since >= 0 and since % self.settings.refresh_every == 0

    def draw(self, epoch: int) -> None:
        """Uses the reconstructed graph without a share of the observed edges for ``epoch``."""
        self.epoch = epoch
        self.drawn = self._draw()

    def _draw(self) -> Operator:
        settings = self.settings
        if settings.left_out == 0:
            return self.graph
        weight = self._array("weight")
        evidence = self._array("evidence") if settings.by_evidence else np.ones_like(weight)
        stays = sample_edges(evidence * (weight > 0), settings.left_out, self.seed, self.epoch)
        return operator(symmetric(self._weighted(weight * stays)), self.place)

    def judge(self, users: Floats, items: Floats, demand: Floats, neighbours: sp.csr_matrix) -> None:
        """Judges all edges by states (U, d) and (N, d), and rebuilds the graph; :meth:`draw` follows.

        Args:
            demand: (N,) of the items' codes, in log units. neighbours: row-normalised items (N, N).
        """
        if not self.settings.enabled:
            return
        cosines = np.einsum("nd,nd->n", users[self.pairs[0]], items[self.pairs[1]])
        evidence = edge_evidence(
            self.pairs, cosines, self.popularity, self.shape[0], self.settings, demand[self.pairs[1]]
        )
        verdict = judge_edges(self.pairs, evidence, self.settings)
        added = propose_edges(self.pairs, verdict, neighbours, users, items, self.settings)
        self.get_buffer("weight").copy_(torch.from_numpy(verdict.weight))
        self.get_buffer("evidence").copy_(torch.from_numpy(verdict.evidence))
        self.get_buffer("kept").copy_(torch.from_numpy(verdict.kept))
        self.get_buffer("linked").copy_(torch.from_numpy(added))
        self._follow()

    def rebuild(self) -> None:
        """Rebuild the propagation operators from the buffers."""
        if self.settings.enabled:
            self._follow()
        self.drawn = self._draw()

    def _follow(self) -> None:
        """Operators of the judgement in the buffers."""
        self.graph = operator(symmetric(self.matrix()), self.place)

    def matrix(self) -> sp.csr_matrix:
        """The reconstructed (U, N) matrix of edge weights."""
        return self._weighted(self._array("weight"))

    def verdict(self) -> EdgeChoices:
        """The present evidence and weight of the observed edges, in the order of the training pairs."""
        return EdgeChoices(self._array("evidence"), self._array("kept"), self._array("weight"))

    def added(self) -> Ints:
        """Items that the topology linked to users, int32 (U, a), -1 if none."""
        return self._array("linked")

    def _weighted(self, weight: Floats) -> sp.csr_matrix:
        return weighted_graph(self.pairs, weight, self.added(), ADD_WEIGHT, self.shape)

    def _array(self, name: str) -> npt.NDArray[Any]:
        values: npt.NDArray[Any] = self.get_buffer(name).cpu().numpy()
        return values
