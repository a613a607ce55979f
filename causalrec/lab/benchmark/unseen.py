"""Brands and departments that nobody has bought from yet: whole groups of items held out of training.

The items stay in the catalogue with their content; their pairs and looks are taken out, and every user who
chose some of them is asked to rank them among each other. What an id can say of an item is then nothing: this
is about content, and about codes that have no support.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from causalrec.dataset.arrays import Floats, Interactions, Ints, Looks
from causalrec.errors import DatasetError
from causalrec.metrics.ranking import Score, rank_metrics
from causalrec.model.blocks import unit_rows
from causalrec.model.content import fit_content, read_content

Bools = npt.NDArray[np.bool_]
METRICS = ("recall@20", "ndcg@20")


@dataclass(frozen=True)
class UnseenRow:
    """One way to rank items of unseen groups; ``metrics`` as :data:`METRICS` names them."""

    name: str
    metrics: Mapping[str, float]


def unseen_items(labels: tuple[str, ...], share: float, seed: int) -> Bools:
    """Items (N,) of random groups that hold at least ``share`` of the catalogue; "" is no group.

    Raises:
        DatasetError: there are fewer than two groups, or all of them would be held out.
    """
    groups, place = np.unique(np.asarray(labels, dtype=np.str_), return_inverse=True)
    named = np.flatnonzero(groups != "")
    order = np.random.default_rng(seed).permutation(named)
    sizes = np.cumsum(np.bincount(place, minlength=groups.size)[order])
    taken = order[: int(np.searchsorted(sizes, share * len(labels))) + 1]
    if taken.size >= named.size:
        raise DatasetError(
            f"{named.size} groups leave nothing to learn from", do="hold out a smaller share, or finer groups"
        )
    unseen: Bools = np.isin(place, taken)
    return unseen


def without_items(data: Interactions, unseen: Bools) -> Interactions:
    """``data`` in which nobody has met ``unseen`` (N,) items; its test are their training pairs.

    Validation pairs of the other items stay, so that models choose as they always do.

    Raises:
        DatasetError: no training pair is left, or none is held out.
    """
    out = unseen[data.train[1]]
    if out.all() or not out.any():
        raise DatasetError(
            f"{int(out.sum())} of {out.size} training pairs are held out", do="change the share"
        )
    return replace(
        data,
        train=data.train[:, ~out],
        valid=data.valid[:, ~unseen[data.valid[1]]],
        test=data.train[:, out],
        weights=None if data.weights is None else data.weights[~out],
        propensity=None if data.propensity is None else data.propensity[~out],
        times=None if data.times is None else data.times[~out],
        random_exposure=None,
        passed=None if data.passed is None else data.passed[:, ~unseen[data.passed[1]]],
        looks=None if data.looks is None else _looks_without(data.looks, unseen),
    )


def unseen_rows(models: Mapping[str, Score], data: Interactions, unseen: Bools, seed: int) -> list[UnseenRow]:
    """``models``, and what they have to beat: chance, likeness of content; then the told popularity.

    Args:
        data: of :func:`without_items`.
    """
    ways = {
        "random": random_score(data, seed),
        "content_knn": content_score(data),
        **models,
        "popularity, told": told_popularity(data),
    }
    return [UnseenRow(name, _metrics(only(score, unseen), data)) for name, score in ways.items()]


def only(score: Score, items: Bools) -> Score:
    """``score`` with no prediction for all but ``items`` (N,)."""

    def within(users: Ints) -> Floats:
        scores: Floats = np.where(items, score(users), np.float32(-np.inf)).astype(np.float32)
        return scores

    return within


def random_score(data: Interactions, seed: int) -> Score:
    """A random order of the items, begun at another place by each user."""
    order = np.random.default_rng(seed).random(data.n_items, dtype=np.float32)

    def score(users: Ints) -> Floats:
        scores: Floats = order[(users[:, None] + np.arange(data.n_items)) % data.n_items]
        return scores

    return score


def content_score(data: Interactions, directions: int = 256) -> Score:
    """Cosine of an item's content with the mean content of the user's items."""
    content = read_content(fit_content(data.modalities, directions), data.modalities, data.n_items)
    items = unit_rows(content.vectors)
    histories = data.train_matrix()

    def score(users: Ints) -> Floats:
        scores: Floats = np.asarray(histories[users] @ items, dtype=np.float32) @ items.T
        return scores

    return score


def told_popularity(data: Interactions) -> Score:
    """Held-out pairs per item: what one list for everybody could reach at most."""
    popularity = np.bincount(data.test[1], minlength=data.n_items).astype(np.float32)

    def score(users: Ints) -> Floats:
        return np.tile(popularity, (users.size, 1))

    return score


def _metrics(score: Score, data: Interactions) -> dict[str, float]:
    found = rank_metrics(score, data, "test", ks=(20,))
    return {name: found[name] for name in METRICS}


def _looks_without(looks: Looks, unseen: Bools) -> Looks:
    kept = ~unseen[looks.items]
    return replace(
        looks,
        users=looks.users[kept],
        items=looks.items[kept],
        strata=looks.strata[kept],
        count=looks.count[kept],
        reached=looks.reached[:, kept],
        propensity=looks.propensity[kept],
        age=looks.age[kept],
    )
