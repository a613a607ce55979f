"""The single validation number by which epochs and ridges are chosen."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch

from causalrec.config.model import TrainingSettings
from causalrec.dataset.arrays import Floats, Interactions, Ints
from causalrec.errors import SettingsError
from causalrec.metrics.ranked import averages
from causalrec.metrics.ranking import rank_metrics
from causalrec.metrics.tables import rank_tables
from causalrec.model.network import FactorNetwork

EVALUATION_BATCH = 1_024  # users evaluated at a time

KS = (10, 20)


@dataclass(frozen=True)
class ValidationJudge:
    """Implements :class:`causalrec.model.base.Judge`: ``select_on`` of the validation pairs."""

    settings: TrainingSettings

    def __call__(self, score: Callable[[Ints], Floats], data: Interactions) -> float:
        metrics = rank_metrics(score, data, "valid", batch=EVALUATION_BATCH)
        return selection_value(metrics, self.settings.select_on)


def network_metrics(network: FactorNetwork, data: Interactions, batch: int) -> dict[str, float]:
    """Ranking metrics of the current state on ``data.valid``, ``batch`` users at a time."""
    with torch.no_grad():
        network.eval()
        users, items = network.serving()
        return averages(rank_tables(users, items, data, "valid", KS, batch), data, KS)


def selection_value(metrics: Mapping[str, float], names: str) -> float:
    """The sum of the named metrics, such as ``recall@20+ndcg@20``.

    Raises:
        SettingsError: a name is unknown.
    """
    parts = names.split("+")
    unknown = sorted(set(parts) - set(metrics))
    if unknown:
        raise SettingsError(
            f"training.select_on names {unknown}", do=f"use metrics from {sorted(metrics)} joined by +"
        )
    return sum(metrics[name] for name in parts)
