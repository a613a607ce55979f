"""What each module of the causal model is worth on this shop's data, measured before training.

The whole model is compared with versions that differ in one module, all fitted with fewer sweeps, on the
pairs shown at random (per-user AUC), else on validation (per-user NDCG@20), paired over users.
"""

import tempfile
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from causalrec.config import Settings
from causalrec.dataset.arrays import Interactions
from causalrec.metrics.bootstrap import paired_test
from causalrec.metrics.debiased import exposed_per_user, exposed_scores
from causalrec.metrics.ranking import Score, rank_per_user
from causalrec.model.base import ServingTables
from causalrec.model.worth import WHOLE, ModuleWorth
from causalrec.training.factory import build_recommender
from causalrec.training.graph_worth import chosen_graph_modules
from causalrec.training.side_by_side import fits_at_once, side_by_side

Doubles = npt.NDArray[np.float64]
Keep = Callable[[str, ServingTables], None]
"""Receives the label of a fit, and its tables."""
Measured = tuple[Doubles, str, str]
"""Per-user values of a model, their metric, and what they were measured on."""

MODULES: Mapping[str, str] = {
    "content prior": "content",
    "demand of brand, category and codes": "codes",
    "depth of responses": "depths",
    "accidents": "accidents",
    "examination": "examination",
}
"""Name of a module -> its switch in ``model.response``."""
NEEDED = frozenset({"content prior"})
"""Kept regardless of the measurement.

It is all that is known about an item without looks, and the measurement uses only pairs with items that have
looks.
"""
RANDOM_METRIC, VALID_METRIC = "random_auc", "ndcg@20"
CUT = 20


def chosen_modules(
    settings: Settings, data: Interactions, keep: Keep | None = None
) -> tuple[Settings, tuple[ModuleWorth, ...]]:
    """The settings without the modules that harm, and the measured gain of each.

    A module is on by default if it helped against known truths. What a few hundred users of one shop say is
    too noisy to confirm that, so the default stands unless the whole interval speaks against it: a module
    that is on is left out if it harms (unless it is ``NEEDED``), one that is off is added if it helps. If
    only pairs are known, the modules of the graph encoder are measured (:mod:`.graph_worth`). Without data
    to measure on, nothing changes.

    Args:
        keep: called with every fit: the whole model first, then those that differ in one module.
    """
    share, response = settings.training.worth_share, settings.model.response
    measurable = data.valid.shape[1] > 0 or (data.random_exposure is not None and data.random_exposure.size)
    if settings.model.name != "causal" or not measurable or share == 0:
        return settings, ()
    keep = keep or _forget
    if data.looks is None or not response.enabled:
        with tempfile.TemporaryDirectory(prefix="causalrec-worth-") as folder:
            found, rows = chosen_graph_modules(
                remembering(settings, folder), data, lambda one, label: _values(one, data, keep, label)
            )
        return remembering(found, settings.model.confounder.cache), rows
    fewer = max(settings.training.worth_sweeps, int(share * response.sweeps / (len(MODULES) + 1)))
    short = with_response(settings, sweeps=min(fewer, response.sweeps))
    with tempfile.TemporaryDirectory(prefix="causalrec-worth-") as folder:
        rows = _rows(remembering(short, folder), data, keep)
    kept = {MODULES[row.module]: row.kept for row in rows}
    return with_response(settings, **kept), rows


def _rows(settings: Settings, data: Interactions, keep: Keep) -> tuple[ModuleWorth, ...]:
    sweeps = settings.model.response.sweeps
    # alone, and first: the others find its confounder model in the cache
    whole, metric, where = _values(settings, data, keep, f"{WHOLE}, {sweeps} sweeps")
    switched = {module: _switched(settings, switch) for module, switch in MODULES.items()}
    at_once, wanted = fits_at_once(settings, data), keep is not _forget

    def fit(changed: Settings) -> tuple[Measured, ServingTables | None]:
        found, tables = _fitted(changed, data)
        return found, tables if wanted else None  # of a large shop, all of them at once would be too much

    fits, rows = side_by_side(fit, switched.values(), at_once), []
    for (module, switch), ((other, _, _), tables) in zip(MODULES.items(), fits, strict=True):
        present = bool(getattr(settings.model.response, switch))
        if tables is not None:
            keep(f"{'without' if present else 'with'} {module}", tables)
        test = paired_test(whole, other) if present else paired_test(other, whole)
        kept = module in NEEDED or (test.high >= 0 if present else test.low > 0)
        rows.append(ModuleWorth(module, kept, test.difference, test.low, test.high, metric, where))
    return tuple(rows)


def _switched(settings: Settings, switch: str) -> Settings:
    return with_response(settings, **{switch: not getattr(settings.model.response, switch)})


def remembering(settings: Settings, folder: str) -> Settings:
    """``settings`` whose confounder model, shared by all modules, is cached in ``folder``."""
    confounder = settings.model.confounder.model_copy(update={"cache": folder})
    return settings.model_copy(update={"model": settings.model.model_copy(update={"confounder": confounder})})


def with_response(settings: Settings, **change: Any) -> Settings:  # noqa: ANN401 - fields of any type
    """``settings`` with some fields of ``model.response`` changed."""
    response = settings.model.response.model_copy(update=change)
    return settings.model_copy(update={"model": settings.model.model_copy(update={"response": response})})


def _forget(label: str, tables: ServingTables) -> None:
    """Discards the fit."""


def _values(settings: Settings, data: Interactions, keep: Keep, label: str) -> Measured:
    """What a model with ``settings`` is worth; ``keep`` is given its tables."""
    found, tables = _fitted(settings, data)
    if tables is not None:
        keep(label, tables)
    return found


def _fitted(settings: Settings, data: Interactions) -> tuple[Measured, ServingTables | None]:
    recommender = build_recommender(settings)
    recommender.fit(data)
    return measured(recommender.score, data), recommender.serving_tables()


def measured(score: Score, data: Interactions) -> Measured:
    """Per-user AUC on random exposure if there is any, else NDCG@20 on validation."""
    found = exposed_per_user(exposed_scores(score, data), CUT).get(RANDOM_METRIC)
    if found is not None:
        return found, "auc", "uniform exposure"
    ranked = rank_per_user(score, data, "valid", (CUT,))
    return ranked.metrics[VALID_METRIC], VALID_METRIC, "validation"
