"""The causal recommender as a network: graph encoder on the reconstructed graph, four modules, two tables."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
import torch
from torch import Tensor, nn

from causalrec.config.model import ModelSettings
from causalrec.dataset.arrays import Floats, Interactions
from causalrec.model.affinity import MOST, NEIGHBOURS, affinity
from causalrec.model.causal.backdoor import BackdoorAdjustment
from causalrec.model.causal.edges import ReconstructedGraph
from causalrec.model.causal.exposure import code_demand, item_appeal, log_exposure
from causalrec.model.causal.frontdoor import FrontdoorAdjustment
from causalrec.model.causal.prepare import Prepared
from causalrec.model.factors import item_popularity
from causalrec.model.graph import Operator, operator, propagate, unit_rows
from causalrec.model.network import FactorNetwork, Trainer


@dataclass(frozen=True)
class Encoded:
    """Graph states before the adjustments.

    Attributes:
        mediator: (U, d), sum over layers. items: (N, d), sum over layers.
        sent: (N, d), what a user receives from an item before normalisation by degrees.
    """

    mediator: Tensor
    items: Tensor
    sent: Tensor


class CausalNetwork(FactorNetwork):
    """Item state = id embedding (items seen in training) + content, smoothed over the content graph,
    propagated.

    An item without a training edge has no id embedding and uses the read-out of its content neighbours,
    exactly like a new item later.

    With ``exposure.offset`` the score in training is <user, item> + t log exposure (t: the temperature), so
    that states need not encode what is shown often; it is not used when items are ranked.
    """

    def __init__(
        self, data: Interactions, prepared: Prepared, settings: ModelSettings, trainer: Trainer
    ) -> None:
        super().__init__()
        self.settings, self.seed, self.place = settings, trainer.seed, trainer.device
        self.temperature, device = trainer.temperature, trainer.device
        self.pairs, self.shape = data.train, (data.n_users, data.n_items)
        self.popularity = item_popularity(data)
        self.prepared = prepared
        self.user_embedding = nn.Parameter(torch.randn(data.n_users, settings.dim) * settings.init)
        self.item_embedding = nn.Parameter(torch.randn(data.n_items, settings.dim) * settings.init)
        self.content = nn.ModuleDict(
            {
                name: nn.Linear(white.shape[1], settings.dim, bias=False)
                for name, white in prepared.content.white.items()
            }
        )
        for layer in self.content.parameters():
            nn.init.zeros_(layer)
        for name, white in prepared.content.white.items():
            # by its width, so that one Adam step moves the content part no faster than an id embedding
            scaled = torch.from_numpy(white / np.float32(white.shape[1]))
            self.register_buffer(f"white_{name}", scaled, persistent=False)
        seen = torch.from_numpy(self.popularity > 0).float()[:, None]
        self.register_buffer("seen", seen, persistent=False)
        exposure = torch.from_numpy(log_exposure(self.popularity))[:, None]
        self.register_buffer("exposure", exposure * self.temperature, persistent=False)
        self.demand = self._demand(data)
        self.register_buffer("gate", torch.from_numpy(self._gate()), persistent=False)
        self.backdoor = self._backdoor()
        frontdoor = FrontdoorAdjustment(settings.dim, data.n_users, settings.frontdoor)
        self.frontdoor = frontdoor if settings.frontdoor.enabled else None
        self.smoother = operator(prepared.neighbours, device) if prepared.neighbours.nnz else None
        self.alike_items, self.alike_users = self._alike(data.train_matrix())
        self.edges = ReconstructedGraph(data, settings.topology, trainer.seed, device)

    def _demand(self, data: Interactions) -> Floats:
        """What the item's code adds to the score with the confounder as it is, (N,)."""
        exposure = self.settings.exposure
        if not exposure.offset:
            return np.zeros(self.shape[1], dtype=np.float32)
        demand = code_demand(item_appeal(self.popularity, data.passed), self.prepared.codes)
        return (exposure.demand * self.temperature * demand).astype(np.float32)

    def _gate(self) -> Floats:
        gate = self.prepared.footprint.gate
        if not self.settings.backdoor.gated:
            gate = self.prepared.footprint.known.astype(np.float32)
        return gate

    def _alike(self, train: sp.csr_matrix) -> tuple[Operator | None, Operator | None]:
        """The graphs for smoothing item and user embeddings: content and affinity, by their weights."""
        topology, content = self.settings.topology, self.settings.content
        items, users = content.smoothing * self.prepared.neighbours, None
        if topology.item_affinity:
            items = items + topology.item_affinity * affinity(train.T.tocsr(), NEIGHBOURS, MOST)
        if topology.user_affinity:
            users = topology.user_affinity * affinity(train, NEIGHBOURS, MOST)
        return self._operator(items), self._operator(users)

    def _operator(self, graph: sp.csr_matrix | None) -> Operator | None:
        return None if graph is None or graph.nnz == 0 else operator(graph, self.place)

    def _backdoor(self) -> BackdoorAdjustment | None:
        codebook, settings = self.prepared.codebook, self.settings
        if codebook is None or not settings.backdoor.enabled or self._unconfounded():
            return None
        codes, smoothing = self.prepared.codes, settings.codebook.smoothing
        return BackdoorAdjustment(settings.dim, codebook, codes, settings.backdoor, smoothing)

    def _unconfounded(self) -> bool:
        """Whether the modalities are so independent that there is no common cause to adjust for."""
        found = self.prepared.confounder
        return bool(found.r2) and found.strength < self.settings.backdoor.least_strength

    def base(self) -> Tensor:
        """Item states (N, d) before smoothing and propagation."""
        base = self.item_embedding * self.get_buffer("seen")
        for name, layer in self.content.items():
            base = base + layer(self.get_buffer(f"white_{name}"))
        return base

    def content_weight(self, name: str) -> Tensor:
        """The projection (d, p) that applies directly to whitened content."""
        weight = self.content.get_submodule(name).get_parameter("weight")
        return weight / weight.shape[1]

    def encode(self, graph: Operator) -> Encoded:
        """Runs the graph encoder on ``graph``."""
        base: Tensor = self.base()
        users: Tensor = self.user_embedding
        if self.alike_items is not None:
            base = base + self.alike_items @ base
        if self.alike_users is not None:
            users = users + self.alike_users @ users
        mediator, items, sent = propagate(graph, users, base, self.settings.layers)
        if self.smoother is not None:
            items = items + (1 - self.get_buffer("seen")) * (self.smoother @ items)
        return Encoded(mediator, items, sent)

    def users_of(self, mediator: Tensor) -> Tensor:
        """User states after the front-door read-out of mediators (n, d)."""
        states = unit_rows(mediator)
        return states if self.frontdoor is None else unit_rows(self.frontdoor(states))

    def tables(self) -> tuple[Tensor, Tensor]:
        """User states, and item states under their factual codes; while training on this epoch's edges."""
        encoded = self.encode(self.edges.drawn if self.training else self.edges.graph)
        items = unit_rows(encoded.items)
        factual = items if self.backdoor is None else self.backdoor.factual(items)
        users = self.users_of(encoded.mediator)
        if not self.settings.exposure.offset:
            return users, factual
        shown = torch.cat([factual, self.get_buffer("exposure")], dim=1)
        return torch.cat([users, torch.ones_like(users[:, :1])], dim=1), shown

    def liking(self, users: Tensor, items: Tensor) -> tuple[Tensor, Tensor]:
        """The tables without the column of exposure."""
        dim = self.settings.dim
        return users[:, :dim], items[:, :dim]

    def factual(self) -> tuple[Tensor, Tensor]:
        """User states, and item states under their factual codes, without any exposure."""
        return self.liking(*self.tables())

    def serving(self) -> tuple[Tensor, Tensor]:
        """User states, and item states in expectation over codes as far as the gate allows."""
        encoded = self.encode(self.edges.graph)
        items = unit_rows(encoded.items)
        if self.backdoor is not None:
            items = self.backdoor.adjusted(items, self.get_buffer("gate"))
        return self.users_of(encoded.mediator), items

    def begin_epoch(self, epoch: int) -> None:
        """Draws the edges of this epoch; after the warm-up on the plain graph, decides every
        ``refresh_every`` epochs what the graph is."""
        if self.edges.due(epoch):
            self.refresh(epoch)
        self.edges.draw(epoch)

    @torch.no_grad()
    def refresh(self, epoch: int) -> None:
        """Judges all edges by the present states and rebuilds graph and dictionary."""
        users, items = (table.cpu().numpy() for table in self.serving())
        if self.frontdoor is not None:
            full = unit_rows(self.encode(self.edges.full).mediator).cpu().numpy()
            self.frontdoor.refresh(full, self.seed + epoch)
        self.edges.judge(users, items, self.demand / self.temperature, self.prepared.neighbours)

    def rebuild(self) -> None:
        """The propagation operator that belongs to the buffers."""
        self.edges.rebuild()
