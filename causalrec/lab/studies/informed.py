"""A learner that knows the true confounding: the ceiling of deconfounding.

It is a :class:`causalrec.lab.studies.preference.PreferenceNetwork` on the same content and loss as the causal
model, and knows the confounder C, the mean exposure of every item and which training clicks are accidents:
what it does not reach of the Bayes oracle is estimation error, not confounding.

A LightGCN on ids told the same is no ceiling: without content and a prior on the length of states it closed
hardly any of the gap, for what it gains in bias it loses in variance.
"""

from dataclasses import replace

import numpy as np
import torch

from causalrec.dataset.arrays import Interactions
from causalrec.lab.simulation.world import Truth
from causalrec.lab.studies.preference import PreferenceNetwork, content_table
from causalrec.model.base import FitReport, Progress
from causalrec.model.causal.exposure import debiased_validation
from causalrec.model.factors import FactorRecommender, item_popularity, plain_tables
from causalrec.model.network import Trainer


class InformedRecommender(FactorRecommender):
    """Tables: ``items`` under do(C), ``items_unadjusted`` with C as it is, both without exposure."""

    name = "informed"
    unit = False

    def __init__(self, truth: Truth, trainer: Trainer, scale: float) -> None:
        self.truth, self.trainer, self.scale = truth, trainer, scale

    def fit(self, data: Interactions, *, progress: Progress | None = None) -> FitReport:
        """Trains on the clicks of ``data``, the simulation's own, that are no accidents."""
        truth = self.truth
        clean = replace(data, train=data.train[:, ~truth.accidental])
        everybody = np.arange(data.n_users, dtype=np.int32)
        exposure = np.log(truth.exposed(everybody).mean(axis=0)).astype(np.float32)
        torch.manual_seed(self.trainer.seed)
        content = content_table(data)
        network = PreferenceNetwork(clean, content, exposure, truth.confounder, self.scale)
        judged = debiased_validation(clean, exposure, self.trainer.seed)
        report = self.trainer(network.to(self.trainer.device), judged, progress)
        with torch.no_grad():
            users, factual = (table.cpu().numpy() for table in network.shown())
        adjusted = factual.copy()
        adjusted[:, -2:] = 0.0
        tables = plain_tables(users, adjusted, item_popularity(data))
        self.tables = replace(tables, items_unadjusted=factual)
        return report
