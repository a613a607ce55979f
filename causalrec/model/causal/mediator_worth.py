"""What the front-door adjustment is worth, measured on purchases after uniformly random looks.

Under random exposure, nothing that raised showing can have raised buying, so the plain mean log-likelihood of
purchases is an unbiased measure of P(buy | do(show)). The heads are fitted only to the other looks.
"""

import numpy as np

from causalrec.dataset.arrays import Floats, Ints, Looks
from causalrec.model.causal.mediator import LEAST_DEPTHS, Doubles, Mediator, fit_mediator, row_logits, sigmoid
from causalrec.model.worth import ModuleWorth

MODULE, METRIC, MEASURED_ON = "front door", "log-likelihood of purchases per look", "uniform exposure"
LEAST_PURCHASES = 30  # fewer are not informative
LEAST_CHANCE = 1e-6
NEWTON_STEPS = 8
NORMAL = 1.96  # standard errors on either side of an interval of 95 %


def front_door_worth(looks: Looks, users: Floats, items: Floats, groups: Ints) -> ModuleWorth | None:
    """Gain of the adjusted head over the same head without the effects of how items were shown.

    None if too few randomly shown items were bought. Both heads may shift their level on the test looks,
    because those were shown in different ways. The interval is over users.

    Args:
        users, items: tables whose product is the logit of a click, fitted without the uniform looks.
        groups: int (N,).
    """
    logits = row_logits(looks, users, items)
    chance = looks.uniform[looks.strata]
    judge, learnt = looks.take(chance), looks.take(~chance)
    enough = judge.reached[-1].sum() >= LEAST_PURCHASES and np.unique(judge.users).size > 1
    if len(looks.depths) < LEAST_DEPTHS or not enough:
        return None
    heads = [
        fit_mediator(learnt, logits[~chance], groups, items.shape[0], strata) for strata in (True, False)
    ]
    whole, without = (_per_user(head, judge, logits[chance]) for head in heads)
    gains = whole - without
    value, width = float(gains.mean()), NORMAL * float(gains.std(ddof=1)) / np.sqrt(gains.size)
    low, high = value - width, value + width
    return ModuleWorth(MODULE, bool(low > 0), value, float(low), float(high), METRIC, MEASURED_ON)


def _per_user(head: Mediator | None, judge: Looks, logits: Doubles) -> Doubles:
    """Mean log-likelihood (M,) of the looks of every user; zeros without purchases to learn from."""
    who, group = np.unique(judge.users, return_inverse=True)
    if head is None:
        return np.zeros(who.size)
    count, bought = judge.count.astype(np.float64), judge.reached[-1].astype(np.float64)
    odds = head.chance(logits, judge.items).astype(np.float64).clip(LEAST_CHANCE, 1 - LEAST_CHANCE)
    level = _shifted(np.log(odds / (1 - odds)), count, bought)
    likelihood = bought * level - count * np.logaddexp(0, level)
    return np.asarray(np.bincount(group, likelihood) / np.bincount(group, count))


def _shifted(level: Doubles, count: Doubles, bought: Doubles) -> Doubles:
    """Log-odds with the shift of highest likelihood, by Newton's method."""
    for _ in range(NEWTON_STEPS):
        chance = sigmoid(level)
        level = level + (bought - count * chance).sum() / (count * chance * (1 - chance)).sum()
    return level
