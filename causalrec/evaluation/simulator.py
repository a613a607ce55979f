"""A shop whose causes are known: the confounder drives both content and demand, exposure is biased.

Each item has a confounder C (a category and a brand) and a merit a. Both show in its two modalities; the
merit and, with strength ``confounding``, the demand of C decide whether an exposed user likes it. Items are
exposed by popularity, promotion of C and taste; some clicks are accidents. What a model should rank by is the
do-effect: the chance of a like when C is redrawn independently of what the item looks like.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from causalrec.dataset.arrays import Floats, Interactions, Ints
from causalrec.errors import DatasetError

Doubles = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

USER_BLOCK = 1_024  # users drawn at once; memory is this times the catalogue
LOOK = 8  # numbers by which a category or a brand shows
SHARED = slice(2, 4)  # merit that both modalities show
HELD_OUT = (0.8, 0.9)  # of the biased clicks: train, then valid, then test


@dataclass(frozen=True)
class Knobs:
    """What the world is like.

    Attributes:
        confounding: gamma, strength of C in the demand; 0 switches the confounder off.
        exposure_popularity, exposure_promotion, exposure_taste: eta, weights of the exposure policy.
        accidents: nu, share of exposed non-clicks recorded as clicks (a quarter of it of clicks are lost).
        merit_shown: omega, scale of the merit in the modalities.
        exposed: mean number of items exposed to a user; random_shown of the uniform policy.
    """

    users: int = 2_000
    items: int = 1_000
    categories: int = 12
    brands: int = 4
    merit: int = 8
    width: int = 64
    confounding: float = 2.0
    exposure_popularity: float = 1.0
    exposure_promotion: float = 1.0
    exposure_taste: float = 0.3
    accidents: float = 0.05
    merit_shown: float = 1.0
    noise: float = 0.3
    base_rate: float = -1.0
    exposed: float = 50.0
    random_shown: int = 50
    seed: int = 7


@dataclass(frozen=True)
class Truth:
    """What no model may see.

    Attributes:
        category, brand: int32 (N,).
        confounder: int32 (N,), the pair of both.
        demand: float64 (confounders,), what a confounder adds to the logit at ``confounding`` 1.
        merit: float64 (N, m); taste: float64 (U, m); sensitivity: float64 (U,).
        accidental: bool (n_train,), training pairs that are accidents.
        share: float64 (confounders,), how often a confounder occurs; what C is redrawn from.
    """

    knobs: Knobs
    category: Ints
    brand: Ints
    confounder: Ints
    demand: Doubles
    merit: Doubles
    taste: Doubles
    sensitivity: Doubles
    accidental: Bools
    share: Doubles

    def factual(self, users: Ints, confounder: Ints | None = None) -> Floats:
        """float32 (B, N): chance of a like given each item's own (or another) confounder."""
        demand = self.demand[self.confounder if confounder is None else confounder]
        return _sigmoid(self._appeal(users) + self._reach(users) * demand).astype(np.float32)

    def do_effect(self, users: Ints) -> Floats:
        """float32 (B, N): chance of a like with C redrawn, whatever the item looks like (the target)."""
        appeal, reach = self._appeal(users), self._reach(users)
        parts = zip(self.share, self.demand, strict=True)
        return sum((s * _sigmoid(appeal + reach * d) for s, d in parts), np.zeros(())).astype(np.float32)

    def _appeal(self, users: Ints) -> Doubles:
        return np.asarray(self.knobs.base_rate + self.taste[users] @ self.merit.T)

    def _reach(self, users: Ints) -> Doubles:
        return np.asarray(self.knobs.confounding * (1 + 0.3 * self.sensitivity[users])[:, None])


@dataclass(frozen=True)
class Simulation:
    """One drawn world.

    Attributes:
        data: biased train, valid and test (iid), the modalities, and uniform exposure with outcomes.
        test_random: the same data with likes under uniform exposure as its test.
        test_do: the same data with likes after C was reassigned at random as its test.
        reassigned: modalities re-rendered with that C, for models that score from content.
    """

    data: Interactions
    test_random: Interactions
    test_do: Interactions
    reassigned: dict[str, Floats]
    truth: Truth


def simulate(knobs: Knobs) -> Simulation:
    """Draws a world; the same knobs give the same arrays.

    Raises:
        DatasetError: the world is too small or too cold to leave training clicks.
    """
    rng = np.random.default_rng(knobs.seed)
    truth = _world(knobs, rng)
    look = _Look(knobs, rng)
    pairs, accidental = _biased_clicks(truth, _exposure_logits(truth, rng))
    if pairs.shape[1] < len(HELD_OUT) + 1:
        raise DatasetError(f"{pairs.shape[1]} clicks were simulated", do="raise users, items or exposed")
    part = np.digitize(rng.random(pairs.shape[1]), HELD_OUT)
    train, valid, test = (pairs[:, part == number] for number in range(3))
    truth = replace(truth, accidental=accidental[part == 0])
    other = rng.permutation(truth.confounder).astype(np.int32)
    shown, liked = _uniform(truth, None, 1)
    _, liked_do = _uniform(truth, other, 2)
    data = Interactions(
        knobs.users, knobs.items, train, valid, test,
        modalities=look.render(truth, truth.confounder, 3),
        random_exposure=shown,
    )  # fmt: skip
    fresh = [_without(found, train) for found in (liked, liked_do)]
    reassigned = look.render(truth, other, 3)
    return Simulation(data, replace(data, test=fresh[0]), replace(data, test=fresh[1]), reassigned, truth)


def _world(knobs: Knobs, rng: np.random.Generator) -> Truth:
    category = _zipf(rng, knobs.categories, knobs.items)
    brand = _zipf(rng, knobs.brands, knobs.items)
    confounder = (category * knobs.brands + brand).astype(np.int32)
    n_confounders = knobs.categories * knobs.brands
    return Truth(
        knobs=knobs,
        category=category,
        brand=brand,
        confounder=confounder,
        demand=rng.standard_normal(n_confounders),
        merit=rng.standard_normal((knobs.items, knobs.merit)) / np.sqrt(knobs.merit) * 2,
        taste=rng.standard_normal((knobs.users, knobs.merit)),
        sensitivity=rng.standard_normal(knobs.users),
        accidental=np.zeros(0, dtype=np.bool_),
        share=np.bincount(confounder, minlength=n_confounders) / knobs.items,
    )


def _zipf(rng: np.random.Generator, kinds: int, size: int) -> Ints:
    weights = 1.0 / np.arange(1, kinds + 1)
    return rng.choice(kinds, size=size, p=weights / weights.sum()).astype(np.int32)


class _Look:
    """Fixed random functions from what an item is to what its modalities show."""

    def __init__(self, knobs: Knobs, rng: np.random.Generator) -> None:
        self.knobs = knobs
        self.kinds = rng.standard_normal((knobs.categories * knobs.brands, LOOK))
        inputs = {"image": SHARED.stop, "text": knobs.merit - SHARED.start}
        self.layers = {
            name: (
                rng.standard_normal((LOOK + n, knobs.width)),
                rng.standard_normal((knobs.width, knobs.width)),
            )
            for name, n in inputs.items()
        }

    def render(self, truth: Truth, confounder: Ints, stream: int) -> dict[str, Floats]:
        """float32 (N, width) per modality under ``confounder`` (N,); the noise belongs to ``stream``."""
        rng = np.random.default_rng([self.knobs.seed, stream])
        merits = {"image": truth.merit[:, : SHARED.stop], "text": truth.merit[:, SHARED.start :]}
        shown: dict[str, Floats] = {}
        for name, (first, second) in self.layers.items():
            cause = np.hstack([self.kinds[confounder], self.knobs.merit_shown * merits[name]])
            hidden = np.tanh(cause @ first / np.sqrt(cause.shape[1]))
            noise = self.knobs.noise * rng.standard_normal((confounder.size, self.knobs.width))
            shown[name] = (hidden @ second / np.sqrt(self.knobs.width) + noise).astype(np.float32)
        return shown


def _exposure_logits(truth: Truth, rng: np.random.Generator) -> Doubles:
    """float64 (N,): popularity of the item and promotion of its confounder, which follows the demand."""
    knobs = truth.knobs
    promotion = 0.7 * truth.demand + 0.7 * rng.standard_normal(truth.demand.size)
    popularity = rng.standard_normal(knobs.items)
    return np.asarray(
        knobs.exposure_popularity * popularity + knobs.exposure_promotion * promotion[truth.confounder]
    )


def _biased_clicks(truth: Truth, exposure: Doubles) -> tuple[Ints, Bools]:
    """Recorded pairs (2, n) sorted by user and item, and which of them are accidents."""
    knobs = truth.knobs
    offset = np.log(knobs.exposed / knobs.items) - np.log(np.exp(exposure).mean())
    found, accidents = [], []
    for users, rng in _blocks(knobs, 0):
        taste = knobs.exposure_taste * (truth.taste[users] @ truth.merit.T)
        exposed = rng.random(taste.shape) < _sigmoid(offset + exposure + taste)
        liked = exposed & (rng.random(taste.shape) < truth.factual(users))
        accident = exposed & ~liked & (rng.random(taste.shape) < knobs.accidents)
        kept = liked & (rng.random(taste.shape) >= knobs.accidents / 4)
        rows, items = np.nonzero(kept | accident)
        found.append(np.stack([users[rows], items]))
        accidents.append(accident[rows, items])
    return np.concatenate(found, axis=1).astype(np.int32), np.concatenate(accidents)


def _uniform(truth: Truth, confounder: Ints | None, stream: int) -> tuple[Floats, Ints]:
    """Pairs shown uniformly with their outcome (3, n), and the liked ones (2, n)."""
    knobs = truth.knobs
    shown = []
    for users, rng in _blocks(knobs, stream):
        count = min(knobs.random_shown, knobs.items)
        items = np.argpartition(rng.random((users.size, knobs.items)), count - 1, axis=1)[:, :count]
        chance = np.take_along_axis(truth.factual(users, confounder), items, axis=1)
        liked = rng.random(items.shape) < chance
        shown.append(np.stack([np.repeat(users, count), items.ravel(), liked.ravel()]))
    exposure = np.concatenate(shown, axis=1).astype(np.float32)
    return exposure, exposure[:2, exposure[2] > 0].astype(np.int32)


def _blocks(knobs: Knobs, stream: int) -> Iterator[tuple[Ints, np.random.Generator]]:
    """Users in blocks, each with its own generator."""
    for start in range(0, knobs.users, USER_BLOCK):
        users = np.arange(start, min(start + USER_BLOCK, knobs.users), dtype=np.int32)
        yield users, np.random.default_rng([knobs.seed, stream, start])


def _without(pairs: Ints, train: Ints) -> Ints:
    """``pairs`` that are not training pairs: those are masked in every ranking."""
    keys, known = (part[0].astype(np.int64) << 32 | part[1] for part in (pairs, train))
    return pairs[:, ~np.isin(keys, known)]


def _sigmoid(logits: Doubles) -> Doubles:
    return np.asarray(1.0 / (1.0 + np.exp(-logits)))
