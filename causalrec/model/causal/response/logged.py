"""What will be chosen anyway: the response to a look, and how often the shop shows the item.

A choice needs both a look and a response, so its log-odds are roughly those of the response plus the log of
the number of looks. Looks are counted per item: counts per pair would reveal which pairs were shown, and
thereby which are held out.
"""

from dataclasses import replace
from functools import cache

import numpy as np

from causalrec.config.model import BlendSettings
from causalrec.dataset.arrays import Floats, Interactions, Ints, Looks
from causalrec.dataset.sample import JUDGED_USERS, sampled
from causalrec.model.base import Judge
from causalrec.model.causal.blend.part import spread_of_scores
from causalrec.model.causal.blend.search import WEIGHTS
from causalrec.model.causal.response.newcomers import UserPrior
from causalrec.model.causal.response.part import ResponsePart


def log_exposure(looks: Looks, n_items: int) -> Floats:
    """float32 (N,): log(1 + number of ``looks`` at the item)."""
    return np.log1p(np.bincount(looks.items, looks.count, n_items)).astype(np.float32)


def exposure_weight(
    part: ResponsePart,
    exposure: Floats,
    data: Interactions,
    judge: Judge,
    settings: BlendSettings,
    seed: int,
) -> float:
    """The best weight on validation of ``exposure`` (N,) relative to the logit of a response.

    Weights are tried in units of equal spread over the catalogue; zero if none gains enough.
    """
    spread = float(exposure.std())
    if data.valid.shape[1] == 0 or spread == 0:
        return 0.0
    unit = spread_of_scores(part.users, part.items) / spread
    sample = sampled(data, JUDGED_USERS, seed)

    @cache
    def value(weight: float) -> float:
        def score(users: Ints) -> Floats:
            scores: Floats = part.users[users] @ part.items.T + exposure * np.float32(weight)
            return scores

        return judge(score, sample)

    best = max((unit * weight for weight in WEIGHTS), key=value)
    return best if value(best) > value(0.0) * (1 + settings.gain) else 0.0


def by_logged(part: ResponsePart, exposure: Floats) -> ResponsePart:
    """``part`` with tables that rank by the response plus ``exposure`` (N,), which is zero for new items."""
    users = np.append(part.users, np.ones((len(part.users), 1), np.float32), axis=1)
    items = np.append(part.items, exposure[:, None], axis=1)
    return replace(part, users=users, items=items, prior=UserPrior.fit(users), map=part.map.widened())
