"""One learner twice: told the truth about what confounds, and left to estimate it.

Both are :class:`causalrec.model.preference.PreferenceNetwork` on the same content and loss. The *informed*
one knows the confounder C and the mean exposure of every item and which training clicks are accidents: what
it does not reach of the Bayes oracle is estimation error, not confounding. The *estimated* one takes codes
of the content for C and clicks for exposure (:mod:`causalrec.model.exposure`) and keeps the accidents.

A LightGCN on ids told the same is no ceiling: without content and a prior on the length of states it closed
hardly any of the gap, for what it gains in bias it loses in variance.
"""

from dataclasses import replace

import numpy as np
import torch

from causalrec.config.model import ModelSettings
from causalrec.dataset.arrays import Floats, Interactions
from causalrec.evaluation.world import Truth
from causalrec.model.base import FitReport, Progress
from causalrec.model.exposure import code_demand, debiased_validation, log_exposure
from causalrec.model.factors import FactorRecommender, item_popularity, plain_tables
from causalrec.model.network import Trainer
from causalrec.model.preference import PreferenceNetwork, content_table
from causalrec.model.prepare import prepare


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


class EstimatedRecommender(FactorRecommender):
    """The same tables; C as it is enters by the demand of the item's code."""

    name = "estimated"
    unit = False

    def __init__(self, settings: ModelSettings, trainer: Trainer, scale: float) -> None:
        self.settings, self.trainer, self.scale = settings, trainer, scale

    def fit(self, data: Interactions, *, progress: Progress | None = None) -> FitReport:
        """Trains on all clicks."""
        codes = prepare(data, self.settings, self.trainer.seed).codes
        exposure = log_exposure(item_popularity(data))
        torch.manual_seed(self.trainer.seed)
        network = PreferenceNetwork(data, content_table(data), exposure, None, self.scale)
        judged = debiased_validation(data, exposure, self.trainer.seed)
        report = self.trainer(network.to(self.trainer.device), judged, progress)
        with torch.no_grad():
            users, items = (table.cpu().numpy() for table in network.preference())
        demand = self.scale * code_demand(exposure, codes)
        tables = plain_tables(_with(users, 1.0), _with(items, 0.0), item_popularity(data))
        self.tables = replace(tables, items_unadjusted=_with(items, demand), coarse=codes[0], fine=codes[1])
        return report


def _with(table: Floats, column: float | Floats) -> Floats:
    """``table`` (n, d) and one more column."""
    extended: Floats = np.column_stack([table, np.broadcast_to(column, table.shape[:1])]).astype(np.float32)
    return extended
