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
from causalrec.dataset.arrays import Floats, Interactions, Ints
from causalrec.metrics.bootstrap import paired_test
from causalrec.metrics.debiased import exposed_per_user, exposed_scores
from causalrec.metrics.ranking import Score, rank_per_user
from causalrec.model.base import Recommender, ServingTables
from causalrec.model.causal.recommender import CausalRecommender
from causalrec.model.worth import WHOLE, ModuleWorth
from causalrec.training.factory import build_recommender
from causalrec.training.graph_worth import chosen_graph_modules

Doubles = npt.NDArray[np.float64]
Keep = Callable[[str, ServingTables], None]
"""Receives the label of a fit, and its tables."""

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


def part_worth(recommender: Recommender, data: Interactions) -> tuple[ModuleWorth, ...]:
    """What each part of a fitted blend adds on validation; empty if there is no blend.

    A part in use is compared with the best blend of the others, any other with the blend that would include
    it. Measured on the pairs that the weights were chosen on, so the gains are slightly optimistic.
    """
    if not isinstance(recommender, CausalRecommender) or data.valid.shape[1] == 0:
        return ()
    blend = recommender.blend
    if blend is None:
        return ()
    whole, rows = _on_validation(recommender.serving_tables(), data), []
    for name, weights in blend.others.items():
        if not any(weights.values()):
            continue
        other = _on_validation(blend.tables(recommender.engine.serving_tables(), weights), data)
        kept = blend.choice.weights[name] > 0
        test = paired_test(whole, other) if kept else paired_test(other, whole)
        row = ModuleWorth(name, kept, test.difference, test.low, test.high, VALID_METRIC, "validation")
        rows.append(row)
    return tuple(rows)


def _on_validation(tables: ServingTables, data: Interactions) -> Doubles:
    def score(users: Ints) -> Floats:
        scores: Floats = tables.users[users] @ tables.items.T
        return scores

    return rank_per_user(score, data, "valid", (CUT,)).metrics[VALID_METRIC]


def _rows(settings: Settings, data: Interactions, keep: Keep) -> tuple[ModuleWorth, ...]:
    sweeps = settings.model.response.sweeps
    whole, metric, where = _values(settings, data, keep, f"{WHOLE}, {sweeps} sweeps")
    rows = []
    for module, switch in MODULES.items():
        present = bool(getattr(settings.model.response, switch))
        changed = with_response(settings, **{switch: not present})
        other, _, _ = _values(changed, data, keep, f"{'without' if present else 'with'} {module}")
        test = paired_test(whole, other) if present else paired_test(other, whole)
        kept = module in NEEDED or (test.high >= 0 if present else test.low > 0)
        rows.append(ModuleWorth(module, kept, test.difference, test.low, test.high, metric, where))
    return tuple(rows)


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


def _values(settings: Settings, data: Interactions, keep: Keep, label: str) -> tuple[Doubles, str, str]:
    """Per-user values of a model with ``settings``, their metric, and what they were measured on."""
    recommender = build_recommender(settings)
    recommender.fit(data)
    tables = recommender.serving_tables()
    if tables is not None:
        keep(label, tables)
    return measured(recommender.score, data)


def measured(score: Score, data: Interactions) -> tuple[Doubles, str, str]:
    """Per-user AUC on random exposure if there is any, else NDCG@20 on validation."""
    found = exposed_per_user(exposed_scores(score, data), CUT).get(RANDOM_METRIC)
    if found is not None:
        return found, "auc", "uniform exposure"
    ranked = rank_per_user(score, data, "valid", (CUT,))
    return ranked.metrics[VALID_METRIC], VALID_METRIC, "validation"
