"""Unlogged changes over time: brand campaigns, and drifting demand.

Both are off by default. They draw from their own random stream, so that a shop without them is unaffected.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from causalrec.config.source import SourceSettings
from causalrec.sources.demo.vocabulary import BRANDS, CATEGORIES

CAMPAIGN_DAYS = 3  # length of a campaign

Floats = npt.NDArray[np.float64]

MONTH = 30
"""Days in which demand drifts by ``demand_drift``."""


@dataclass(frozen=True)
class Calendar:
    """Per day of the shop.

    Attributes:
        campaign: float64 (days, brands), log-odds that a campaign adds to showing and to buying.
        drift: float64 (days, categories, brands), what is added to the demand of the first day.
    """

    campaign: Floats
    drift: Floats


def draw_calendar(source: SourceSettings, stream: tuple[int, ...]) -> Calendar:
    """Campaigns of ``campaign_days`` in a row, and a random walk of demand.

    A longer period starts the same way.
    """
    rng, walk = (np.random.default_rng([*stream, part]) for part in range(2))
    knobs, days = source.demo, source.days
    blocks = -(-days // CAMPAIGN_DAYS) + 1
    starts = rng.integers(0, CAMPAIGN_DAYS, len(BRANDS))  # brands do not change on the same day
    running = rng.random((blocks, len(BRANDS))) < knobs.campaign_share
    block = (np.arange(days)[:, None] + starts) // CAMPAIGN_DAYS
    campaign: Floats = knobs.campaigns * np.take_along_axis(running, block, axis=0).astype(np.float64)
    steps = walk.normal(size=(days, len(CATEGORIES), len(BRANDS))) / np.sqrt(MONTH)
    steps[0] = 0.0
    return Calendar(campaign, knobs.demand_drift * np.cumsum(steps, axis=0))
