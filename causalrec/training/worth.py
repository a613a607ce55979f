"""What each module of the response model is worth on this shop's data.

The whole model is compared with versions that differ in one module, all continued from the same fit, on the
pairs shown at random (per-user AUC), else on validation (per-user NDCG@20), paired over users.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from causalrec.config import Settings
from causalrec.dataset.arrays import Interactions
from causalrec.metrics.bootstrap import paired_test
from causalrec.metrics.debiased import exposed_per_user, exposed_scores
from causalrec.metrics.ranking import Score, rank_per_user
from causalrec.model.base import ServingTables
from causalrec.model.causal.recommender import CausalRecommender
from causalrec.model.causal.response.resumed import Resumed
from causalrec.model.worth import WHOLE, ModuleWorth
from causalrec.training.factory import build_recommender
from causalrec.training.side_by_side import fits_at_once, side_by_side

Doubles = npt.NDArray[np.float64]
Keep = Callable[[str, ServingTables], None]
"""Receives the label of a fit, and its tables."""


class Measured(NamedTuple):
    """Per-user values of a model, their metric, and what they were measured on."""

    values: Doubles
    metric: str
    where: str


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
    settings: Settings, data: Interactions, judged: CausalRecommender, keep: Keep | None = None
) -> tuple[Settings, tuple[ModuleWorth, ...]]:
    """The settings without the modules that harm, and the measured gain of each.

    A module is on by default if it helped against known truths. What a few hundred users of one shop say is
    too noisy to confirm that, so the default stands unless the whole interval speaks against it: a module
    that is on is left out if it harms (unless it is ``NEEDED``), one that is off is added if it helps.

    Args:
        judged: fitted to the looks of ``data`` with ``settings``. All fits begin where it ended: short ones
            from scratch would make those with less to learn look better.
        keep: called with every fit: the whole model first, then those that differ in one module.
    """
    share, response = settings.training.worth_share, settings.model.response
    fewer = max(settings.training.worth_sweeps, int(share * response.sweeps / (len(MODULES) + 1)))
    start = judged.continued(min(fewer, response.sweeps))
    if start is None:
        return settings, ()
    rows = _rows(settings, data, start, keep)
    kept = {MODULES[row.module]: row.kept for row in rows}
    return with_response(settings, **kept), rows


def _rows(
    settings: Settings, data: Interactions, start: Resumed, keep: Keep | None
) -> tuple[ModuleWorth, ...]:
    def fit(changed: Settings) -> tuple[Measured, ServingTables | None]:
        # a fit without content knows no whitening of it
        anew = changed.model.response.content and not settings.model.response.content
        found, tables = fitted(changed, data, replace(start, codes=None) if anew else start)
        return found, tables if keep is not None else None  # of a large shop, all at once would be too much

    response = settings.model.response
    present = {switch: bool(getattr(response, switch)) for switch in MODULES.values()}
    changed = [with_response(settings, **{switch: not on}) for switch, on in present.items()]
    (whole, tables), *others = side_by_side(fit, (settings, *changed), fits_at_once(settings, data))
    hand_over(keep, f"{WHOLE}, {start.sweeps} more sweeps", tables)
    rows = []
    for (module, switch), (other, tables) in zip(MODULES.items(), others, strict=True):
        on = present[switch]
        hand_over(keep, f"{'without' if on else 'with'} {module}", tables)
        test = paired_test(whole.values, other.values) if on else paired_test(other.values, whole.values)
        kept = module in NEEDED or (test.high >= 0 if on else test.low > 0)
        rows.append(
            ModuleWorth(module, kept, test.difference, test.low, test.high, whole.metric, whole.where)
        )
    return tuple(rows)


def hand_over(keep: Keep | None, label: str, tables: ServingTables | None) -> None:
    """Gives ``keep`` the tables of a fit, if somebody asks for them and the model has any."""
    if keep is not None and tables is not None:
        keep(label, tables)


def remembering(settings: Settings, folder: str) -> Settings:
    """``settings`` whose confounder model, shared by all modules, is cached in ``folder``."""
    confounder = settings.model.confounder.model_copy(update={"cache": folder})
    return settings.model_copy(update={"model": settings.model.model_copy(update={"confounder": confounder})})


def with_response(settings: Settings, **change: Any) -> Settings:  # noqa: ANN401 - fields of any type
    """``settings`` with some fields of ``model.response`` changed."""
    response = settings.model.response.model_copy(update=change)
    return settings.model_copy(update={"model": settings.model.model_copy(update={"response": response})})


def fitted(
    settings: Settings, data: Interactions, start: Resumed | None = None
) -> tuple[Measured, ServingTables | None]:
    """What a fit with ``settings`` is worth, and its tables.

    Args:
        start: where the response model begins; None: a fit from scratch.
    """
    recommender = build_recommender(settings)
    if isinstance(recommender, CausalRecommender):
        recommender.resumes = start
    recommender.fit(data)
    return measured(recommender.score, data), recommender.serving_tables()


def measured(score: Score, data: Interactions) -> Measured:
    """Per-user AUC on random exposure if there is any, else NDCG@20 on validation."""
    found = exposed_per_user(exposed_scores(score, data), CUT).get(RANDOM_METRIC)
    if found is not None:
        return Measured(found, "auc", "uniform exposure")
    ranked = rank_per_user(score, data, "valid", (CUT,))
    return Measured(ranked.metrics[VALID_METRIC], VALID_METRIC, "validation")
