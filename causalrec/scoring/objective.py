"""What the objective of a shop costs in responses and what it earns, as the model expects it."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from causalrec.config.scoring import ScoringSettings
from causalrec.ranking.catalogue import Catalogue
from causalrec.ranking.merchandise.rules_file import read_merchandise
from causalrec.registry.package import ModelPackage
from causalrec.scoring.night import Night
from causalrec.scoring.night_caps import balanced
from causalrec.scoring.offered import worth_of
from causalrec.scoring.sampled import Sampled, sampled
from causalrec.scoring.tonight import tonight

EXPECTED, RESPONSES = "expected_", "responses"
"""Counters ``expected_responses``, ``expected_price`` and ``expected_margin``, all of them per look."""
WITHOUT = "_without_objective"
"""Ending of the counters of the same lists under all rules but the objective."""
Numbers = npt.NDArray[np.float64]


def objective_cost(night: Night, catalogue: Catalogue, settings: ScoringSettings) -> dict[str, float]:
    """Expected responses and worth of a look with the objective and without it, over a sample of users.

    Empty where nothing is weighed, and where scores are no log-odds, so that nobody can say what to expect.

    Args:
        catalogue: tonight's, with the objective.
    """
    rules = read_merchandise(settings.merchandise)
    package = night.package
    worth = worth_of(rules, night.dataset, night.lake, night.ds, night.market) if package.odds else None
    if worth is None or rules.objective is None:
        return {}
    users = sampled(night)
    plain = tonight(night, settings, rules.model_copy(update={"objective": None}))
    plain = balanced(night, plain, settings)
    found: dict[str, float] = {}
    for ending, items in (("", catalogue), (WITHOUT, plain)):
        responses, earned = _expected(users, package, settings, items, worth)
        found[f"{EXPECTED}{RESPONSES}{ending}"] = responses
        found[f"{EXPECTED}{rules.objective.value}{ending}"] = earned
    return found


def _expected(
    users: Sampled,
    package: ModelPackage,
    settings: ScoringSettings,
    items: Catalogue,
    worth: "pd.Series[float]",
) -> tuple[float, float]:
    """Means over the places of users of whom something is known; items of unknown worth earn nothing."""
    top = users.lists(package, settings, items)
    warm = package.rows_of(users.users)[top.rows] >= 0
    chances: Numbers = 1 / (1 + np.exp(-top.scores[warm].astype(np.float64)))
    earns = worth.reindex(items.item_ids).fillna(0).to_numpy()[top.columns[warm]]
    return (float(chances.mean()), float((chances * earns).mean())) if chances.size else (0.0, 0.0)
