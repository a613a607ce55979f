"""States of users against a mode found by an optimiser, and who has no looks."""

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from causalrec.lab.simulation.learnt_users import KnownLooks, learnt_states


def test_states_are_the_mode_of_the_posterior_in_any_order_of_rows() -> None:
    rng = np.random.default_rng(3)
    users = rng.permutation(np.repeat([4, 1], 30))
    direction, base = rng.standard_normal((60, 2)), rng.standard_normal(60)
    gain, count = rng.uniform(0.3, 0.9, 60), rng.integers(1, 4, 60).astype(float)
    hit = rng.binomial(count.astype(int), 0.5).astype(float)
    looks = KnownLooks(users, direction, base, 0.05, gain, count, hit)
    found = learnt_states(looks, 6)
    assert not found[[0, 2, 3, 5]].any()
    for user in (1, 4):
        mine = users == user

        def loss(state: np.ndarray, mine: np.ndarray = mine) -> float:
            chance = 0.05 + gain[mine] * expit(base[mine] + direction[mine] @ state)
            fits = hit[mine] * np.log(chance) + (count - hit)[mine] * np.log(1 - chance)
            return float(state @ state / 2 - fits.sum())

        assert np.allclose(found[user], minimize(loss, np.zeros(2), tol=1e-9).x, atol=1e-3)
