"""The sampler leaves a truth alone that its own model drew, even where looks say little."""

import numpy as np
import torch
from scipy.special import expit

from causalrec.config.response import ResponseSettings
from causalrec.dataset.arrays import Looks
from causalrec.model.causal.response.design import Design
from causalrec.model.causal.response.rows import look_rows
from causalrec.model.causal.response.sampler import Sampler

USERS, ITEMS, DIM, SEEN = 400, 60, 2, 30
POSITIONS = 5
ACCIDENTS = 0.05
SETTINGS = ResponseSettings(dim=DIM, sweeps=100, depths=False)


def drawn_shop(seed: int) -> tuple[Looks, np.ndarray, np.ndarray]:
    """Looks drawn from the model itself, examined with chance 1, .7, .58, .5, .45; tastes and merits."""
    rng = np.random.default_rng(seed)
    taste, merit = rng.standard_normal((USERS, DIM)), rng.standard_normal((ITEMS, DIM))
    users = np.repeat(np.arange(USERS), SEEN)
    items = np.argsort(rng.random((USERS, ITEMS)), axis=1)[:, :SEEN].ravel()
    place = rng.integers(0, POSITIONS, users.size)
    wanted = expit((taste[users] * merit[items]).sum(axis=1) - 1.0)
    hit = (rng.random(users.size) < (place + 1.0) ** -0.5) & (rng.random(users.size) < wanted)
    hit |= rng.random(users.size) < ACCIDENTS
    one = np.ones(users.size, np.int32)
    looks = Looks(
        users.astype(np.int32), items.astype(np.int32), place.astype(np.int32), one,
        hit[None].astype(np.int32), np.full(users.size, np.nan, np.float32),
        np.zeros(users.size, np.float32), ("click",), ("",) * POSITIONS,
        np.arange(1, POSITIONS + 1, dtype=np.float32), np.zeros(POSITIONS, np.bool_),
    )  # fmt: skip
    return looks, taste, merit


def test_tastes_do_not_shrink_away_where_half_the_looks_are_not_examined() -> None:
    looks, taste, merit = drawn_shop(6)
    rows = look_rows(looks, USERS, ITEMS, 0.0, torch.device("cpu"))
    design = Design(torch.zeros(ITEMS, 0, dtype=torch.float64), (), ())
    sampler = Sampler(rows, design, SETTINGS, 7)
    drawn: list[np.ndarray] = []
    sampler.run(lambda state: drawn.append((state.taste @ state.merit.T).numpy()), lambda number, base: None)
    true = taste @ merit.T
    spread, total = [match.std() for match in drawn], np.sum(drawn, axis=0)
    assert 0.8 * true.std() < np.mean(spread) < 1.2 * true.std()
    assert np.corrcoef(total.ravel(), true.ravel())[0, 1] > 0.65
    assert 0.02 < sampler.observation.accident < 0.08
    assert sampler.observation.examined[0] == 1.0
    assert 0.3 < float(sampler.observation.examined[-1]) < 0.65
