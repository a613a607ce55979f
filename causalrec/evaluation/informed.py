"""The informed learner: the raw model's backbone, loss and data, told what a causal model has to find out.

It knows the confounder C of every item, the exposure of every item and which training clicks are accidents.
It learns from clean clicks with

    score(u, i) / t = cos(e_u, h_i) / t + log exposure_i + w_C + b_u w'_C,

and drops the exposure term for what a shown item would do (do(exposure), C as it is), and all three terms
for the ranking under do(C) (the additive back-door of PDA, Zhang et al. SIGIR 2021). What it does not
reach of the Bayes oracle is estimation error, not confounding.
"""

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from causalrec.config.model import ModelSettings
from causalrec.dataset.arrays import Floats, Interactions
from causalrec.evaluation.simulator import Simulation
from causalrec.evaluation.world import Truth
from causalrec.model.base import FitReport, Progress
from causalrec.model.factors import item_popularity, plain_tables
from causalrec.model.lightgcn import LightGcnNetwork, LightGcnRecommender
from causalrec.model.network import FactorNetwork, Trainer


class InformedNetwork(FactorNetwork):
    """LightGCN with columns for what is known: exposure, demand of C, and the user's sensitivity to it."""

    def __init__(
        self, data: Interactions, truth: Truth, settings: ModelSettings, device: torch.device, scale: float
    ) -> None:
        super().__init__()
        self.backbone = LightGcnNetwork(data, settings, device)
        self.scale = scale
        kinds = truth.share.size
        self.demand = nn.Parameter(torch.zeros(kinds))
        self.pull = nn.Parameter(torch.zeros(kinds))
        self.sensitivity = nn.Parameter(torch.randn(data.n_users) * settings.init)
        everybody = np.arange(data.n_users, dtype=np.int32)
        exposure = torch.from_numpy(np.log(truth.exposed(everybody).mean(axis=0))).float()
        self.register_buffer("exposure", exposure - exposure.mean(), persistent=False)
        self.register_buffer("kind", torch.from_numpy(truth.confounder).long(), persistent=False)

    def tables(self) -> tuple[Tensor, Tensor]:
        """What the biased log is expected to hold, all terms: states are not of length one."""
        users, items = self.shown()
        exposure = self.scale * self.get_buffer("exposure")[:, None]
        return torch.cat([users, torch.ones_like(users[:, :1])], 1), torch.cat([items, exposure], 1)

    def serving(self) -> tuple[Tensor, Tensor]:
        """The same: validation pairs come from the biased log."""
        return self.tables()

    def shown(self) -> tuple[Tensor, Tensor]:
        """States whose products rank what is shown to a user, C as it is."""
        users, items = self.backbone.tables()
        kind = self.get_buffer("kind")
        own = torch.stack([torch.ones_like(self.sensitivity), self.sensitivity], dim=1)
        pulled = self.scale * torch.stack([self.demand[kind], self.pull[kind]], dim=1)
        return torch.cat([users, own], dim=1), torch.cat([items, pulled], dim=1)


class InformedRecommender(LightGcnRecommender):
    """Tables: ``items`` under do(C), ``items_unadjusted`` with C as it is, both without exposure."""

    name = "informed"

    def __init__(
        self, simulation: Simulation, settings: ModelSettings, trainer: Trainer, scale: float
    ) -> None:
        super().__init__(settings, trainer)
        self.truth, self.scale = simulation.truth, scale

    def fit(self, data: Interactions, *, progress: Progress | None = None) -> FitReport:
        """Trains on the clicks of ``data`` that are no accidents (``data`` is the simulation's own)."""
        clean = replace(data, train=data.train[:, ~self.truth.accidental])
        torch.manual_seed(self.trainer.seed)
        device = self.trainer.device
        network = InformedNetwork(clean, self.truth, self.settings, device, self.scale).to(device)
        report = self.trainer(network, clean, progress)
        with torch.no_grad():
            users, factual = (table.cpu().numpy() for table in network.shown())
        adjusted: Floats = factual.copy()
        adjusted[:, -2:] = 0.0
        tables = plain_tables(users, adjusted, item_popularity(data))
        self.tables = replace(tables, items_unadjusted=factual)
        return report
