"""A small model with known item states, for the tests of scoring."""

import numpy as np

from causalrec.dataset.arrays import Floats
from causalrec.dataset.ties import numbered, tie_breakers
from causalrec.model.base import ServingTables
from causalrec.ranking.catalogue import Catalogue, catalogue_of
from causalrec.ranking.user_states import UserStates


def tables(n_users: int = 7, n_items: int = 11, dim: int = 4, seed: int = 3) -> ServingTables:
    rng = np.random.default_rng(seed)
    return ServingTables(
        users=rng.normal(size=(n_users, dim)).astype(np.float32),
        items=rng.normal(size=(n_items, dim)).astype(np.float32),
        items_unadjusted=rng.normal(size=(n_items, dim)).astype(np.float32),
        popularity=rng.integers(0, 4, n_items).astype(np.float32),
        coarse=(np.arange(n_items) % 3 - 1).astype(np.int32),
        fine=np.zeros(n_items, dtype=np.int32),
        gate=np.zeros(n_items, dtype=np.float32),
        code_names=("Acme shoes",),
        raw_users=rng.normal(size=(n_users, 3)).astype(np.float32),
        raw_items=rng.normal(size=(n_items, 3)).astype(np.float32),
        content_users=rng.normal(size=(n_users, 2)).astype(np.float32),
        content_items=rng.normal(size=(n_items, 2)).astype(np.float32),
    )


def user_states(of: ServingTables) -> UserStates:
    return UserStates(of.users, of.raw_users, of.content_users)


def catalogue(of: ServingTables) -> Catalogue:
    n = of.items.shape[0]
    ids = np.array(
        [f"i{n - row:03d}" for row in range(n)], dtype=object
    )  # the numbering runs against the ids
    titles = np.array([f"Title {name}" for name in ids], dtype=object)
    return catalogue_of(ids, titles, of.popularity, of)


def brute_force(states: Floats, items: Floats, seen: list[list[int]], k: int) -> list[list[int]]:
    """The definition: sort by score and then by chance, leave out what was seen."""
    lists = []
    for user, (state, mine) in enumerate(zip(states, seen, strict=True)):
        values = (items.astype(np.float64) * state.astype(np.float64)).sum(axis=1).astype(np.float32)
        chance = tie_breakers(numbered(len(states))[user], numbered(len(items)))
        order = np.lexsort((chance, -values)).tolist()
        lists.append([item for item in order if item not in mine][:k])
    return lists
