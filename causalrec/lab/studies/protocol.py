"""The frozen protocol of the known-truth study: twenty fresh worlds, fixed before any was examined.

The unit of its tests is the world. In most of them something is not as a model supposes: positions matter,
demand is not linear, demand drifts, or brands campaign without a trace in the log. Seeds are far from those
that anything was tuned on.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from causalrec.lab.simulation.world import Knobs

WORLDS = 20
FIRST_SEED = 20_261
LOGGED = 1.0  # impressions without a click are logged

KINDS: Mapping[str, Mapping[str, Any]] = {
    "as supposed": {},
    "positions": {"position_decay": 0.5},
    "curved demand": {"demand_curve": 0.4},
    "drifting demand": {"demand_drift": 1.0},
    "hidden campaigns": {"campaigns": 1.5},
}
"""What differs from the default world; worlds take turns."""


def frozen_worlds(base: Knobs, count: int = WORLDS) -> tuple[Knobs, ...]:
    """``count`` worlds of the size and confounding of ``base``, each kind as often as the others."""
    kinds = tuple(KINDS.values())
    return tuple(
        replace(base, seed=FIRST_SEED + number, logged=LOGGED, **dict(kinds[number % len(kinds)]))
        for number in range(count)
    )
