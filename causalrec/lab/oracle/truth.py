"""How close lists come to a known truth: NDCG of unseen items against the true chance of a choice.

A generated shop knows what every user would do with every item. Three questions have a true answer:

* *factual*: the chance that the user chooses the item once they look at it, the item as it is;
* *do*: the same with the demand for its brand and category drawn anew, which leaves its content;
* *logged*: the chance that a session shows the item, as the shop shows items now, and the user chooses it.

Items with which a user already interacted are no candidates, as in a published list. Gains are true chances,
so the best possible list has 1, and a random one far more than 0.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from causalrec.config.source import SourceSettings
from causalrec.dataset.arrays import Floats, Interactions, Ints
from causalrec.errors import DatasetError
from causalrec.lab.oracle.attainable import with_learnt_users
from causalrec.metrics.bootstrap import interval
from causalrec.metrics.topk import top_k
from causalrec.model.base import Recommender
from causalrec.sources.demo import names
from causalrec.sources.demo.mechanism import LAST, buying_chance, do_effect, propensities, sigmoid, true_logit
from causalrec.sources.demo.world import World, build_world

Doubles = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]
Score = Callable[[Ints], npt.NDArray[np.floating]]

K = 20  # length of a list
USERS = 2_000  # as many are drawn of a larger shop: the standard error is then below .003
BLOCK = 256  # users whose chances are held at once
SEED = 7
RANDOM, POPULARITY, ATTAINABLE, IDEAL = "random", "popularity", "attainable", "ideal"


@dataclass(frozen=True)
class TruthRow:
    """NDCG@20 of one model against every truth: means over users, and bootstrap intervals of 95 %."""

    model: str
    factual: float
    do: float
    factual_interval: tuple[float, float]
    do_interval: tuple[float, float]
    logged: float
    logged_interval: tuple[float, float]


@dataclass(frozen=True)
class Scores:
    """What a model ranks by for each question: users (B,) -> scores (B, N).

    ``logged`` is None for a model that ranks by *factual* whether exposure counts or not.
    """

    factual: Score
    do: Score
    logged: Score | None = None


@dataclass(frozen=True)
class ShopTruth:
    """A generated shop in the numbering of a dataset.

    Attributes:
        users, items: int64 (U,) and (N,), what the generator calls the users and items of the dataset.
        day: the day of the shop that is now.
    """

    world: World
    users: Numbers
    items: Numbers
    day: int = LAST

    def factual(self, users: Ints) -> Doubles:
        """float64 (B, N): chance of a choice if shown, now."""
        return sigmoid(true_logit(self.world, self.users[users][:, None], self.items[None, :], self.day))

    def do(self, users: Ints) -> Doubles:
        """float64 (B, N): the same with the demand for brand and category drawn anew."""
        return do_effect(self.world, self.users[users][:, None], self.items[None, :], self.day)

    def logged(self, users: Ints) -> Doubles:
        """float64 (B, N): chance that a session of now shows the item and that the user chooses it."""
        mine, day = self.users[users], self.day if self.day >= 0 else self.world.source.days - 1
        shown = propensities(self.world, mine, day, np.zeros(mine.size, np.bool_))
        return shown[:, self.items] * self.factual(users)

    def buying(self, users: Ints) -> Doubles:
        """float64 (B, N): chance of a purchase if shown, now and without any campaign."""
        return buying_chance(self.world, self.users[users][:, None], self.items[None, :], self.day)


def shop_truth(
    source: SourceSettings, user_ids: npt.ArrayLike, item_ids: npt.ArrayLike, ds: dt.date | None = None
) -> ShopTruth:
    """The truth on ``ds`` (default: the last day) of the shop that ``source`` generates, for the users and
    items of a dataset.

    Raises:
        DatasetError: the shop is not a generated one, or the ids are not its own.
    """
    if source.kind != "demo":
        raise DatasetError(f"a shop of kind {source.kind} has no known truth", do="use a generated shop")
    numbers = [
        _numbers(np.asarray(ids), make(np.arange(count)).to_numpy(zero_copy_only=False))
        for ids, make, count in (
            (user_ids, names.user_ids, source.users),
            (item_ids, names.item_ids, source.items),
        )
    ]
    day = LAST if ds is None else min((ds - source.first_day).days, source.days - 1)
    users, items = numbers
    return ShopTruth(build_world(source), users, items, day)


def _numbers(ids: npt.NDArray[np.generic], known: npt.NDArray[np.generic]) -> Numbers:
    """Positions of ``ids`` among the ``known`` ones, which are sorted."""
    places = np.searchsorted(known.astype(str), ids.astype(str)).clip(max=known.size - 1)
    if not (known[places] == ids).all():
        raise DatasetError(
            "the dataset has users or items that its shop never had", do="pass the settings it was made with"
        )
    return np.asarray(places, np.int64)


def scores_of(model: Recommender) -> Scores:
    """A model with content tables answers *do* by them, one that learnt exposure *logged* with it; any other
    answers every question with its scores."""
    tables = model.serving_tables()
    if tables is None:
        return Scores(model.score, model.score)
    content = _product(tables.content_users, tables.content_items)
    return Scores(model.score, content or model.score, with_exposure(model.score, tables.exposure))


def with_exposure(score: Score, exposure: Floats | None) -> Score | None:
    """``score`` with ``exposure`` (N,) added; None without one."""
    return None if exposure is None else lambda block: np.asarray(score(block) + exposure)


def raw_scores(model: Recommender) -> Scores | None:
    """Those of the raw model that a model carries along; None where it carries none."""
    tables = model.serving_tables()
    raw = None if tables is None else _product(tables.raw_users, tables.raw_items)
    return Scores(raw, raw) if raw else None


def _product(users: Floats | None, items: Floats | None) -> Score | None:
    if users is None or items is None:
        return None
    return lambda block: np.asarray(users[block] @ items.T)


def truth_rows(
    truth: ShopTruth, data: Interactions, models: Mapping[str, Scores], k: int = K
) -> tuple[TruthRow, ...]:
    """One row each: random, popularity, ``models``, attainable, ideal.

    *attainable* is told merit and demand and learns tastes alone from the looks of ``data``; without looks it
    is left out. Linear in users, of whom at most 2,000 are drawn.
    """
    rng = np.random.default_rng(SEED)
    users = np.sort(rng.permutation(data.n_users)[:USERS]).astype(np.int32)
    rows = {**_floors(data, rng), **models}
    if data.looks is not None:
        mine = data.looks.take(np.isin(data.looks.users, users))
        learnt = replace(
            truth, world=with_learnt_users(truth.world, mine, truth.users, truth.items, truth.day)
        )
        rows[ATTAINABLE] = Scores(learnt.factual, learnt.do, learnt.logged)
    rows[IDEAL] = Scores(truth.factual, truth.do, truth.logged)
    return tuple(_row(name, scores, truth, data, users, k) for name, scores in rows.items())


def _floors(data: Interactions, rng: np.random.Generator) -> dict[str, Scores]:
    """A random order for every user, and the order of how often items were chosen."""
    keys = rng.integers(0, 2**31, data.n_users)
    popular = np.bincount(data.train[1], minlength=data.n_items).astype(np.float32)

    def drawn(block: Ints) -> Floats:
        rows = [np.random.default_rng(key).random(data.n_items, np.float32) for key in keys[block]]
        return np.stack(rows)

    def same(block: Ints) -> Floats:
        return np.broadcast_to(popular, (block.size, data.n_items))

    return {RANDOM: Scores(drawn, drawn), POPULARITY: Scores(same, same)}


def _row(name: str, scores: Scores, truth: ShopTruth, data: Interactions, users: Ints, k: int) -> TruthRow:
    factual, do, logged = (
        interval(truth_ndcg(score, chances, data, users, k))
        for score, chances in (
            (scores.factual, truth.factual),
            (scores.do, truth.do),
            (scores.logged or scores.factual, truth.logged),
        )
    )
    return TruthRow(
        name, factual.value, do.value, (factual.low, factual.high), (do.low, do.high),
        logged.value, (logged.low, logged.high),
    )  # fmt: skip


def truth_ndcg(
    score: Score, chances: Callable[[Ints], Doubles], data: Interactions, users: Ints, k: int = K
) -> Doubles:
    """Per user (M,) the NDCG of the best ``k`` unseen items, whose gains are the true ``chances``.

    Raises:
        DatasetError: a score is NaN.
    """
    parts = [_block(score, chances, data, users[at : at + BLOCK], k) for at in range(0, users.size, BLOCK)]
    return np.concatenate(parts)


def _block(
    score: Score, chances: Callable[[Ints], Doubles], data: Interactions, users: Ints, k: int
) -> Doubles:
    scores = np.array(score(users), dtype=np.float64)
    if np.isnan(scores).any():
        raise DatasetError("a model scores NaN", do="train it again and look at its training curve")
    gains, seen = np.array(chances(users)), _seen(data, users)
    scores[seen], gains[seen] = -np.inf, 0.0
    k = min(k, data.n_items)
    discount = 1 / np.log2(np.arange(2, k + 2))
    listed = np.take_along_axis(gains, top_k(scores.astype(np.float32), k, users), axis=1) @ discount
    best = -np.sort(-gains, axis=1)[:, :k] @ discount
    return np.asarray(np.divide(listed, best, out=np.ones_like(best), where=best > 0))


def _seen(data: Interactions, users: Ints) -> npt.NDArray[np.bool_]:
    """(B, N) pairs of any split; ``users`` ascend."""
    found = np.zeros((users.size, data.n_items), np.bool_)
    for pairs in (data.train, data.valid, data.test):
        place = np.searchsorted(users, pairs[0]).clip(max=users.size - 1)
        mine = users[place] == pairs[0]
        found[place[mine], pairs[1][mine]] = True
    return found
