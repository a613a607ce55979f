"""What the policy of a simulated shop shows, what users do with it, and what the shop logs of that."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from causalrec.dataset.arrays import Floats, Ints, Looks
from causalrec.lab.simulation.world import LOST, Bools, Doubles, Knobs, Truth

USER_BLOCK = 1_024  # users drawn at once; memory is this times the catalogue
PAGE = 10  # items shown at a time
PLACE_STREAM, EXAMINED_STREAM, PERIOD_STREAM = 10, 11, 12


@dataclass(frozen=True)
class ExposureLog:
    """What happened under the policy.

    Attributes:
        pairs: int32 (2, n) recorded clicks, sorted by user and item; accidental: bool (n,).
        passed: int32 (2, m), logged exposures without a recorded click.
        place, passed_place: int64 (n,), (m,), position on the page, from 1.
        chance, passed_chance: float64 (n,), (m,), of being shown.
    """

    pairs: Ints
    accidental: Bools
    passed: Ints
    place: npt.NDArray[np.int64]
    passed_place: npt.NDArray[np.int64]
    chance: Doubles
    passed_chance: Doubles


def biased_log(truth: Truth) -> ExposureLog:
    """Everybody is shown items by the policy, looks or does not, likes or does not, slips or does not."""
    knobs = truth.knobs
    parts = []
    for users, rng in blocks(knobs, 0):
        chance = truth.exposed(users)
        exposed = rng.random(chance.shape) < chance
        place = _places(truth, users, exposed)
        liked = exposed & (rng.random(chance.shape) < _liking(truth, users))
        liked &= _examined(truth, users, place)
        accident = exposed & ~liked & (rng.random(chance.shape) < knobs.accidents)
        kept = liked & (rng.random(chance.shape) >= LOST * knobs.accidents)
        clicked = kept | accident
        rows, items = np.nonzero(clicked)
        unclicked = exposed & ~clicked & (rng.random(chance.shape) < knobs.logged)
        others, passed = np.nonzero(unclicked)
        parts.append(
            ExposureLog(
                np.stack([users[rows], items]), accident[rows, items], np.stack([users[others], passed]),
                place[rows, items], place[others, passed], chance[rows, items], chance[others, passed],
            )
        )  # fmt: skip
    return _joined(parts)


def _joined(parts: list[ExposureLog]) -> ExposureLog:
    columns = {
        name: np.concatenate([getattr(part, name) for part in parts], axis=-1) for name in vars(parts[0])
    }
    for name in ("pairs", "passed"):
        columns[name] = columns[name].astype(np.int32)
    return ExposureLog(**columns)


def _liking(truth: Truth, users: Ints) -> Floats:
    """Chance of a like when each item was shown, which is now unless demand drifts or brands campaign."""
    knobs = truth.knobs
    if not knobs.demand_drift and not knobs.campaigns:
        return truth.factual(users)
    rng = np.random.default_rng([knobs.seed, PERIOD_STREAM, int(users[0])])
    weight = np.exp(truth.campaign)[:, truth.brand]
    edges = np.cumsum(weight / weight.sum(axis=0), axis=0)
    drawn = rng.random((users.size, knobs.items))
    period = (drawn[:, None, :] > edges[None, :-1]).sum(axis=1).astype(np.int32)
    return truth.liked_in(users, period)


def _places(truth: Truth, users: Ints, exposed: Bools) -> npt.NDArray[np.int64]:
    """Position on its page of every exposed item: likelier ones come first; 0 where not exposed."""
    rng = np.random.default_rng([truth.knobs.seed, PLACE_STREAM, int(users[0])])
    keys = np.log(truth.exposed(users)) + rng.gumbel(size=exposed.shape)
    order = np.argsort(np.where(exposed, -keys, np.inf), axis=1, kind="stable")
    place = np.empty(exposed.shape, np.int64)
    np.put_along_axis(
        place, order, np.broadcast_to(np.arange(exposed.shape[1]) % PAGE + 1, exposed.shape), axis=1
    )
    return np.where(exposed, place, 0)


def _examined(truth: Truth, users: Ints, place: npt.NDArray[np.int64]) -> Bools:
    decay = truth.knobs.position_decay
    if not decay:
        return np.ones(place.shape, np.bool_)
    rng = np.random.default_rng([truth.knobs.seed, EXAMINED_STREAM, int(users[0])])
    return np.asarray(rng.random(place.shape) < np.maximum(place, 1.0) ** -decay)


def looks_of(log: ExposureLog) -> Looks:
    """One look per logged exposure; strata are positions on a page."""
    clicks, others = log.pairs.shape[1], log.passed.shape[1]
    place = np.concatenate([log.place, log.passed_place])
    users, items = np.concatenate([log.pairs, log.passed], axis=1)
    return Looks(
        users, items, (place - 1).astype(np.int32),
        np.ones(clicks + others, np.int32),
        reached=np.repeat([1, 0], [clicks, others]).astype(np.int32)[None, :],
        propensity=np.concatenate([log.chance, log.passed_chance]).astype(np.float32),
        age=np.zeros(clicks + others, np.float32),
        depths=("click",), policy=("policy",) * PAGE,
        position=np.arange(1, PAGE + 1, dtype=np.float32), uniform=np.zeros(PAGE, np.bool_),
    ).summed()  # fmt: skip


def blocks(knobs: Knobs, stream: int) -> Iterator[tuple[Ints, np.random.Generator]]:
    """Users in blocks, each with its own generator."""
    for start in range(0, knobs.users, USER_BLOCK):
        users = np.arange(start, min(start + USER_BLOCK, knobs.users), dtype=np.int32)
        yield users, np.random.default_rng([knobs.seed, stream, start])
