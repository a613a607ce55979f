"""An approximate upper bound on what can be learnt from a shop's looks: only users' tastes are unknown.

Told are merit and demand of every item, how often positions are looked at and how often people slip; of a
user, only taste and sensitivity to demand are learnt, under the prior that they were drawn from: the mode of
the posterior, by Fisher scoring, all users at once.
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from causalrec.dataset.arrays import Looks
from causalrec.lab.simulation.learnt_users import KnownLooks, learnt_states
from causalrec.sources.demo.behaviour import ACCIDENT_SHARE
from causalrec.sources.demo.mechanism import slopes, true_logit
from causalrec.sources.demo.world import MERIT, Users, World

Doubles = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]


def with_learnt_users(world: World, looks: Looks, users: Numbers, items: Numbers, day: int) -> World:
    """``world`` with tastes and sensitivities as learnt from ``looks`` in place of the true ones.

    Args:
        users, items: the world's numbers of the users and items of ``looks``. Users without looks get the
            mean of the prior, which is 0.
    """
    at, of = items[looks.items], users[looks.users]
    nobody = np.zeros((world.source.users, MERIT + 1))
    known = KnownLooks(
        of,
        slopes(world, at, day),
        true_logit(_with(world, nobody), of, at, day),
        ACCIDENT_SHARE,
        (1 - ACCIDENT_SHARE) * _examined(world, looks),
        looks.count.astype(np.float64),
        looks.reached[0].astype(np.float64),
    )
    return _with(world, learnt_states(known, world.source.users))


def _with(world: World, state: Doubles) -> World:
    known: Users = replace(world.users, taste=state[:, :MERIT], sensitivity=state[:, MERIT])
    return replace(world, users=known)


def _examined(world: World, looks: Looks) -> Doubles:
    """Chance that a look was one: positions further down are looked at less often; 1 without a position."""
    position = np.nan_to_num(looks.position.astype(np.float64), nan=1.0)[looks.strata]
    return np.asarray(position**-world.knobs.position_decay * (1 - ACCIDENT_SHARE / 4))
