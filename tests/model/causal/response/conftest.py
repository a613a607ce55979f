"""The toy shop with its looks: who was shown what, and what they did."""

from dataclasses import replace

import numpy as np
import pytest

from causalrec.dataset.arrays import Interactions, Looks
from tests.model.conftest import GROUPS, Toy, make_toy


def toy_looks(data: Interactions, seed: int = 0) -> Looks:
    """One or two looks of every pair: all chosen ones led to a cart, a few others to a view."""
    rng = np.random.default_rng(seed)
    users, items = (part.ravel() for part in np.indices((data.n_users, data.n_items)))
    chosen = np.zeros((data.n_users, data.n_items), dtype=bool)
    for pairs in (data.train, data.valid, data.test):
        chosen[pairs[0], pairs[1]] = True
    carts = chosen[users, items].astype(np.int32)
    liked = np.where(users % GROUPS == items % GROUPS, 0.5, 0.05)
    views = np.maximum(carts, rng.random(users.size) < liked).astype(np.int32)
    unknown = np.full(users.size, np.nan, dtype=np.float32)
    strata = rng.integers(0, 2, users.size).astype(np.int32)
    return Looks(
        users.astype(np.int32), items.astype(np.int32), strata,
        np.maximum(rng.integers(1, 3, users.size), views).astype(np.int32), np.stack([views, carts]),
        unknown, rng.random(users.size).astype(np.float32) * 30, ("view", "cart"), ("ranked", "ranked"),
        np.array([1.0, 5.0], dtype=np.float32), np.zeros(2, dtype=np.bool_),
    )  # fmt: skip


def with_looks(data: Interactions) -> Interactions:
    return replace(data, looks=toy_looks(data))


@pytest.fixture(scope="session")
def toy() -> Toy:
    """As the toy shop of the other models, with looks."""
    return lambda *args, **names: with_looks(make_toy(*args, **names))
