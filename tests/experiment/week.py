"""A week of an experiment in memory: what the users of every arm did by the end of each night."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from causalrec.config.experiment import CONTROL, ExperimentSettings
from causalrec.config.source import SourceSettings
from causalrec.experiment.assignment import arms_of
from causalrec.experiment.credit import PAIRED, sides
from causalrec.experiment.lines import Arm, ArmLine, Now
from causalrec.experiment.moments import Moments
from causalrec.experiment.verdict import judge
from causalrec.experiment.words import ArmVerdict
from causalrec.lab.oracle.truth import ShopTruth
from causalrec.ranking.draft import draft
from causalrec.ranking.interleaved import coins
from causalrec.sources.demo.world import build_world

Doubles = npt.NDArray[np.float64]
Rng = np.random.Generator

ROWS, VISITS = 5, 0.5  # of a list that are looked at; chance that a user comes on a day


def moments_by_night(
    arms: npt.NDArray[np.object_], days: Doubles, before: Doubles
) -> Iterator[dict[str, Moments]]:
    """Of ``days`` (nights, users, 4: looks, clicks, bought, revenue), summed up to each night.

    Args:
        before: (users, 4) the same before the experiment.
    """
    names = [CONTROL, *sorted(set(arms) - {CONTROL})]
    for summed in np.cumsum(days, axis=0):
        did = np.column_stack([summed, before, summed[:, 1] > 0])
        did[:, [2, 6]] = did[:, [2, 6]] > 0
        yield {name: Moments.of(did[arms == name]) for name in names}


def verdicts(nights: Iterable[dict[str, Moments]], settings: ExperimentSettings) -> list[list[ArmLine]]:
    """The lines of every night in turn; what was decided stays decided."""
    shares = {CONTROL: 1 - sum(settings.shares.values()), **settings.shares}
    told = [
        {"arms": {name: Arm(shares[name], (name,), found) for name, found in moments.items()}}
        for moments in nights
    ]
    return told_by_night(told, settings)


def told_by_night(nights: Iterable[dict[str, Any]], settings: ExperimentSettings) -> list[list[ArmLine]]:
    """The same from what :func:`judge` is given each night."""
    decided: dict[str, tuple[str, ArmVerdict]] = {}
    every, lines = list(nights), []
    for night, given in enumerate(every):
        lines.append(judge(**given, settings=settings, now=Now(night == len(every) - 1, decided)))
        for line in lines[-1]:
            if line.verdict in ("better", "worse") and line.arm not in decided:
                decided[line.arm] = (f"night {night}", line.verdict)
    return lines


def deciding(lines: list[ArmLine]) -> dict[str, ArmVerdict | None]:
    """Arm -> verdict."""
    return {line.arm: line.verdict for line in lines if line.decides and line.arm != CONTROL}


def shop(users: int, items: int) -> ShopTruth:
    """A generated shop that knows what everybody would do."""
    world = build_world(SourceSettings(users=users, items=items, days=10))
    return ShopTruth(world, np.arange(users), np.arange(items))


def responses(truth: ShopTruth, lists: npt.NDArray[np.int64], nights: int, rng: Rng) -> Doubles:
    """What the users of ``truth`` do with their ``lists`` (users, rows): (nights, users, 4)."""
    found: Doubles = row_responses(truth, lists, nights, rng).sum(axis=2)
    return found


def row_responses(truth: ShopTruth, lists: npt.NDArray[np.int64], nights: int, rng: Rng) -> Doubles:
    """The same row by row: (nights, users, rows, 4), looks, clicks, purchases and prices paid."""
    users = np.arange(len(lists), dtype=np.int32)
    chosen, buys = (np.take_along_axis(chance(users), lists, 1) for chance in (truth.factual, truth.buying))
    shape = (nights, *lists.shape)
    comes = rng.random((nights, len(lists), 1)) < VISITS
    clicks = comes & (rng.random(shape) < chosen)
    bought = clicks & (rng.random(shape) < np.minimum(buys / chosen, 1))
    price = 5 + 10 * rng.random(truth.items.size)
    looks = np.broadcast_to(comes, shape)
    return np.stack([looks, clicks, bought, bought * price[lists]], axis=3).astype(float)


def credits(
    truth: ShopTruth,
    rankings: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]],
    nights: int,
    rng: Rng,
) -> Iterator[dict[str, Any]]:
    """What :func:`judge` is told after each night of lists that two rankings fill in turn."""
    users, total = len(rankings[0]), np.zeros((len(rankings[0]), len(PAIRED) - 1))
    names, firsts = np.array([f"u{n}" for n in range(users)], dtype=object), np.zeros(2, dtype=int)
    for night in range(nights):
        toss = coins(names, f"week/{night}", ROWS)
        found = draft(rankings, toss, np.full(users, ROWS))
        firsts += [(~toss[:, 0]).sum(), toss[:, 0].sum()]
        did = row_responses(truth, found.items, 1, rng)[0]
        for first, side in ((0, 1), (5, 0)):  # of the arm, then of the control
            mine = np.where((found.sides == side)[:, :, None], did, 0).sum(axis=1)
            total[:, first : first + 4] += mine
            total[:, first + 4] = total[:, first + 1] > 0
        now = total.copy()
        now[:, [2, 7]] = now[:, [2, 7]] > 0
        paired = Moments.of(now, PAIRED)
        both = zip((CONTROL, "new"), sides(paired), firsts, strict=True)
        yield {
            "arms": {name: Arm(0.5, ("1",), side, int(first)) for name, side, first in both},
            "paired": paired,
        }


def best(chances: Callable[[npt.NDArray[np.int32]], Doubles], users: int) -> npt.NDArray[np.int64]:
    """The rows with the greatest chances, per user."""
    found: npt.NDArray[np.int64] = np.argsort(-chances(np.arange(users, dtype=np.int32)), axis=1)[:, :ROWS]
    return found


def assigned(users: int, settings: ExperimentSettings) -> npt.NDArray[np.object_]:
    """The arms of users named by number."""
    return arms_of(np.array([f"u{n}" for n in range(users)], dtype=object), settings)
