"""The fit that an evaluation judges: with the modules of the model that help this shop."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass

from causalrec.config import Settings
from causalrec.dataset.arrays import Interactions
from causalrec.model.base import FitReport, Recommender
from causalrec.model.causal.recommender import CausalRecommender
from causalrec.model.worth import ModuleWorth
from causalrec.training.factory import build_recommender
from causalrec.training.graph_worth import chosen_graph_modules
from causalrec.training.worth import Keep, Measured, chosen_modules, fitted, hand_over, remembering

Fit = Callable[[Settings], tuple[Recommender, FitReport]]
"""Builds and fits a model."""


@dataclass(frozen=True)
class Judged:
    """A fitted model.

    Attributes:
        settings: with the modules that are kept.
        worth: what each module is worth, those left out included.
    """

    settings: Settings
    recommender: Recommender
    report: FitReport
    worth: tuple[ModuleWorth, ...]


def fit_judged(settings: Settings, data: Interactions, fit: Fit, keep: Keep | None = None) -> Judged:
    """Fits the model of ``settings`` without what harms, if there is data to measure that on.

    The modules of the response model are measured after its fit, by continuing it, and it is fitted again
    only if one is left out or added. Those of the graph encoder are measured in short fits before.

    Args:
        fit: fits a model to ``data``.
        keep: called with every fit that differs in one module.
    """
    if not _measurable(settings, data):
        return Judged(settings, *fit(settings), ())
    if not _responds(settings, data):
        chosen, worth = _chosen_of_pairs(settings, data, keep)
        return Judged(chosen, *fit(chosen), worth)
    recommender, report = fit(settings)
    if not isinstance(recommender, CausalRecommender):
        return Judged(settings, recommender, report, ())
    chosen, worth = chosen_modules(settings, data, recommender, keep)
    if chosen != settings:
        return Judged(chosen, *fit(chosen), worth)
    return Judged(settings, recommender, report, worth)


def _measurable(settings: Settings, data: Interactions) -> bool:
    known = data.valid.shape[1] > 0 or (data.random_exposure is not None and data.random_exposure.size > 0)
    return settings.model.name == "causal" and settings.training.worth_share > 0 and known


def _responds(settings: Settings, data: Interactions) -> bool:
    model = build_recommender(settings)
    return isinstance(model, CausalRecommender) and model.responds(data)


def _chosen_of_pairs(
    settings: Settings, data: Interactions, keep: Keep | None
) -> tuple[Settings, tuple[ModuleWorth, ...]]:
    def measure(short: Settings, label: str) -> Measured:
        found, tables = fitted(short, data)
        hand_over(keep, label, tables)
        return found

    with tempfile.TemporaryDirectory(prefix="causalrec-worth-") as folder:
        found, rows = chosen_graph_modules(remembering(settings, folder), data, measure)
    return remembering(found, settings.model.confounder.cache), rows
