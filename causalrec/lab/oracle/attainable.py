"""An approximate upper bound on what can be learnt from a shop's looks: only users' tastes are unknown.

Told are merit and demand of every item, how often positions are looked at and how often people slip; of a
user, only taste and sensitivity to demand are learnt, under the prior that they were drawn from: the mode of
the posterior, by Fisher scoring, all users at once.
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from causalrec.dataset.arrays import Looks
from causalrec.sources.demo.behaviour import ACCIDENT_SHARE
from causalrec.sources.demo.mechanism import sigmoid, slopes, true_logit
from causalrec.sources.demo.world import MERIT, Users, World

Doubles = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]

STEPS = 12  # Fisher scoring has converged long before
LONGEST = 3.0  # prior standard deviations that one step may go


def with_learnt_users(world: World, looks: Looks, users: Numbers, items: Numbers, day: int) -> World:
    """``world`` with tastes and sensitivities as learnt from ``looks`` in place of the true ones.

    Args:
        users, items: the world's numbers of the users and items of ``looks``. Users without looks get the
            mean of the prior, which is 0.
    """
    who, groups = np.unique(looks.users, return_inverse=True)
    order = np.argsort(groups, kind="stable")
    looks, groups = looks.take(order), groups[order]
    at, of = items[looks.items], users[looks.users]
    direction = slopes(world, at, day)
    state = np.zeros((who.size, MERIT + 1))
    base = true_logit(_with(world, np.zeros((world.source.users, MERIT + 1))), of, at, day)
    seen, slip = _examined(world, looks), ACCIDENT_SHARE
    hit = looks.reached[0].astype(np.float64)
    for _ in range(STEPS):
        chosen = sigmoid(base + np.einsum("rd,rd->r", direction, state[groups]))
        chance = slip + (1 - slip) * seen * chosen
        steep = (1 - slip) * seen * chosen * (1 - chosen) / (chance * (1 - chance))
        pull = _sums(direction * (steep * (hit - looks.count * chance))[:, None], groups, who.size)
        weight = looks.count * steep**2 * chance * (1 - chance)
        outer = direction[:, :, None] * direction[:, None, :] * weight[:, None, None]
        precision = _sums(outer.reshape(len(at), -1), groups, who.size).reshape(who.size, MERIT + 1, -1)
        step = np.linalg.solve(precision + np.eye(MERIT + 1), (pull - state)[:, :, None])[:, :, 0]
        state += step * np.minimum(1.0, LONGEST / np.maximum(np.linalg.norm(step, axis=1), LONGEST))[:, None]
    everybody = np.zeros((world.source.users, MERIT + 1))
    everybody[users[who]] = state
    return _with(world, everybody)


def _with(world: World, state: Doubles) -> World:
    known: Users = replace(world.users, taste=state[:, :MERIT], sensitivity=state[:, MERIT])
    return replace(world, users=known)


def _examined(world: World, looks: Looks) -> Doubles:
    """Chance that a look was one: positions further down are looked at less often; 1 without a position."""
    position = np.nan_to_num(looks.position.astype(np.float64), nan=1.0)[looks.strata]
    return np.asarray(position**-world.knobs.position_decay * (1 - ACCIDENT_SHARE / 4))


def _sums(rows: Doubles, groups: Numbers, n: int) -> Doubles:
    """Sums (n, d) of rows that are sorted by group; every group has one."""
    return np.add.reduceat(rows, np.searchsorted(groups, np.arange(n)), axis=0)
