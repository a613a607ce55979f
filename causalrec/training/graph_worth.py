"""What each module of the graph encoder is worth if only pairs are known.

As for the response model (:mod:`causalrec.training.worth`): short fits that differ in one switch are compared
per user on held-out pairs. The closed-form parts of the blend are measured separately (``part_worth``).
"""

import math
from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from causalrec.config import Settings
from causalrec.config.override import overridden
from causalrec.dataset.arrays import Interactions
from causalrec.metrics.bootstrap import paired_test
from causalrec.model.worth import WHOLE, ModuleWorth

Measure = Callable[[Settings, str], tuple[npt.NDArray[np.float64], str, str]]

GRAPH_MODULES: Mapping[str, str] = {
    "back-door sum over codes": "model.backdoor.enabled",
    "edge weights by evidence": "model.topology.enabled",
    "dictionary read-out": "model.frontdoor.enabled",
}
"""Name of a module -> its switch."""
OF_CONTENT = frozenset({"back-door sum over codes"})
"""Modules that do nothing without content."""


def present_modules(settings: Settings, data: Interactions) -> dict[str, str]:
    """The modules in :data:`GRAPH_MODULES` that a model with ``settings`` on ``data`` has."""
    model = settings.model
    on = {
        "model.backdoor.enabled": model.backdoor.enabled and model.codebook.enabled,
        "model.topology.enabled": model.topology.enabled,
        "model.frontdoor.enabled": model.frontdoor.enabled,
    }
    seen = bool(data.modalities) and model.content.enabled
    return {
        name: switch
        for name, switch in GRAPH_MODULES.items()
        if on[switch] and (seen or name not in OF_CONTENT)
    }


def chosen_graph_modules(
    settings: Settings, data: Interactions, measure: Measure
) -> tuple[Settings, tuple[ModuleWorth, ...]]:
    """The settings without the modules whose mean gain is not positive, and the measured gain of each.

    Args:
        measure: values per user of a fit of the given settings under the given label, their metric, and what
            they were measured on.
    """
    present = present_modules(settings, data)
    if not present:
        return settings, ()
    short = _short(settings, len(present) + 1)
    whole, metric, where = measure(short, f"{WHOLE}, at most {short.training.epochs} epochs")
    rows = []
    for name, switch in present.items():
        other, _, _ = measure(overridden(short, ({switch: False},), name), f"without {name}")
        test = paired_test(whole, other)
        kept = test.difference > 0
        rows.append(ModuleWorth(name, kept, test.difference, test.low, test.high, metric, where))
    left_out = {present[row.module]: False for row in rows if not row.kept}
    return overridden(settings, (left_out,), "the modules that help"), tuple(rows)


def _short(settings: Settings, fits: int) -> Settings:
    """The encoder alone, with its share of the epochs that all ``fits`` together may take."""
    training = settings.training
    epochs = math.ceil(min(training.worth_share / fits, 1.0) * training.epochs)
    return overridden(settings, ({"training.epochs": epochs, "model.blend.enabled": False},), "short fits")
