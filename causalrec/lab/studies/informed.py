"""A learner that knows the true confounding: the ceiling of deconfounding.

It is a :class:`causalrec.lab.studies.preference.PreferenceNetwork` on the same content and loss as the causal
model, and knows the confounder C, the mean exposure of every item and which training clicks are accidents:
what it does not reach of the Bayes oracle is estimation error, not confounding. Where looks are logged it is
told more: merit and demand of every item and how positions are examined, so that of a user only taste and
sensitivity are learnt, at the mode of their posterior. No model that has to learn items as well should do
better.

A LightGCN on ids told the same is no ceiling: without content and a prior on the length of states it closed
hardly any of the gap, for what it gains in bias it loses in variance.
"""

import time
from dataclasses import replace

import numpy as np
import torch

from causalrec.dataset.arrays import Floats, Interactions
from causalrec.errors import TrainingError
from causalrec.lab.simulation.learnt_users import STEPS, KnownLooks, learnt_states
from causalrec.lab.simulation.world import LOST, SENSITIVITY, Truth
from causalrec.lab.studies.preference import PreferenceNetwork, content_table
from causalrec.model.base import FitReport, Progress
from causalrec.model.causal.exposure import debiased_validation
from causalrec.model.causal.response.rows import judged_looks
from causalrec.model.factors import FactorRecommender, item_popularity, plain_tables
from causalrec.model.network import Trainer


class InformedRecommender(FactorRecommender):
    """Tables: ``items`` under do(C), ``items_unadjusted`` with C as it is, both without exposure."""

    name = "informed"
    unit = False

    def __init__(self, truth: Truth, trainer: Trainer, scale: float) -> None:
        self.truth, self.trainer, self.scale = truth, trainer, scale

    def fit(self, data: Interactions, *, progress: Progress | None = None) -> FitReport:
        """Learns from the looks of ``data``, the simulation's own, else from clicks that are no accidents."""
        if data.looks is None:
            return self._from_pairs(data, progress)
        began = time.perf_counter()
        users, factual = told_tables(self.truth, data)
        self._keep(users, factual, data)
        seconds = time.perf_counter() - began
        return FitReport(STEPS, STEPS, seconds, seconds / STEPS, ())

    def _from_pairs(self, data: Interactions, progress: Progress | None) -> FitReport:
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
        self._keep(users, factual, data)
        return report

    def _keep(self, users: Floats, factual: Floats, data: Interactions) -> None:
        """The last two columns of the tables are what C adds."""
        adjusted = factual.copy()
        adjusted[:, -2:] = 0.0
        tables = plain_tables(users, adjusted, item_popularity(data))
        self.tables = replace(tables, items_unadjusted=factual)


def told_tables(truth: Truth, data: Interactions) -> tuple[Floats, Floats]:
    """float32 (U, m + 2) and (N, m + 2): match of taste and merit, then sensitivity to demand, then demand.

    Raises:
        TrainingError: no looks are logged.
    """
    looks = judged_looks(data)
    if looks is None:
        raise TrainingError("no looks are logged", do="raise the share of impressions that is logged")
    knobs = truth.knobs
    demand = knobs.confounding * truth.acting(truth.demand)[truth.confounder]
    direction = np.hstack([truth.merit, SENSITIVITY * demand[:, None]])
    examined = np.maximum(looks.position[looks.strata].astype(np.float64), 1.0) ** -knobs.position_decay
    known = KnownLooks(
        looks.users,
        direction[looks.items],
        (knobs.base_rate + demand)[looks.items],
        knobs.accidents,
        examined * (1 - LOST * knobs.accidents - knobs.accidents),
        looks.count.astype(np.float64),
        looks.reached[0].astype(np.float64),
    )
    states = learnt_states(known, data.n_users)
    users = np.hstack([states, np.ones((data.n_users, 1))])
    return users.astype(np.float32), np.hstack([direction, demand[:, None]]).astype(np.float32)
