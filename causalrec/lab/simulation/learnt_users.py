"""Users' states when everything else about their looks is known: the mode of the posterior, all at once."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64] | npt.NDArray[np.int32]

STEPS = 12  # Fisher scoring has converged long before
LONGEST = 3.0  # prior standard deviations that one step may go


@dataclass(frozen=True)
class KnownLooks:
    """Rows of looks with chance slip + gain * sigma(base + <direction, state of the user>) of a response.

    Attributes:
        users: (r,). direction: (r, d). base: (r,).
        slip: chance of a response that was not meant. gain: (r,), what a meant one adds to it.
        count, hit: (r,) looks and responses.
    """

    users: Numbers
    direction: Doubles
    base: Doubles
    slip: float
    gain: Doubles
    count: Doubles
    hit: Doubles

    def by_user(self) -> "KnownLooks":
        """The rows in the order of their users."""
        order = np.argsort(self.users, kind="stable")
        rows = {name: value if name == "slip" else value[order] for name, value in vars(self).items()}
        return KnownLooks(**rows)


def learnt_states(looks: KnownLooks, n_users: int) -> Doubles:
    """float64 (n_users, d) by Fisher scoring; prior N(0, I), so users without looks are at 0."""
    looks, width = looks.by_user(), looks.direction.shape[1]
    who, groups = np.unique(looks.users, return_inverse=True)
    state = np.zeros((who.size, width))
    for _ in range(STEPS):
        chosen = _sigmoid(looks.base + np.einsum("rd,rd->r", looks.direction, state[groups]))
        chance = looks.slip + looks.gain * chosen
        steep = looks.gain * chosen * (1 - chosen) / (chance * (1 - chance))
        surprise = steep * (looks.hit - looks.count * chance)
        pull = _sums(looks.direction * surprise[:, None], groups, who.size)
        weight = looks.count * steep**2 * chance * (1 - chance)
        outer = looks.direction[:, :, None] * looks.direction[:, None, :] * weight[:, None, None]
        precision = _sums(outer.reshape(len(weight), -1), groups, who.size).reshape(who.size, width, width)
        step = np.linalg.solve(precision + np.eye(width), (pull - state)[:, :, None])[:, :, 0]
        state += step * np.minimum(1.0, LONGEST / np.maximum(np.linalg.norm(step, axis=1), LONGEST))[:, None]
    everybody = np.zeros((n_users, width))
    everybody[who] = state
    return everybody


def _sigmoid(logits: Doubles) -> Doubles:
    return np.asarray(1.0 / (1.0 + np.exp(-logits)))


def _sums(rows: Doubles, groups: npt.NDArray[np.int64], n: int) -> Doubles:
    """Sums (n, d) of rows that are sorted by group; every group has one."""
    return np.asarray(np.add.reduceat(rows, np.searchsorted(groups, np.arange(n)), axis=0))
