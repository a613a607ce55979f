"""Chooses the weights of the parts of a score on validation, one weight after another."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

Weights = tuple[float, ...]  # one per part, none negative
Value = Callable[[Weights], float]  # validation value of a blend; higher is better


WEIGHTS = (0.1, 0.2, 0.4, 0.7, 1.0)  # weights of a part, tried besides 0; the strongest part has 1


@dataclass(frozen=True)
class FoundBlend:
    """The blend, and the reference for each of its parts.

    Attributes:
        weights: of the blend.
        others: for every part the best blend found that differs in it: without the part if it is used, with
            it if it is not. All zero if no other part is left.
    """

    weights: Weights
    others: tuple[Weights, ...]


def search_weights(parts: int, value: Value, grid: tuple[float, ...], gain: float) -> FoundBlend:
    """Coordinate search from the best single part, whose weight stays one.

    The first part is the start unless another is better by the share ``gain``, and a part that gains less
    than that is dropped again: with few validation pairs a small gain is noise.

    Args:
        grid: positive weights that are tried besides zero.
    """
    known = cache(value)
    every = tuple(range(parts))
    start = _best_single(every, parts, known, gain)
    weights = _pruned(_climbed(start, every, known, grid), known, gain)
    if known(weights) < known(start) * (1 + gain):
        weights = start
    return FoundBlend(weights, tuple(_differing(weights, part, known, grid) for part in every))


def _best_single(offered: tuple[int, ...], parts: int, value: Value, gain: float) -> Weights:
    singles = [_changed((0.0,) * parts, part, 1.0) for part in offered]
    best = max(singles, key=value)
    return best if value(best) > value(singles[0]) * (1 + gain) else singles[0]


def _climbed(start: Weights, offered: tuple[int, ...], value: Value, grid: tuple[float, ...]) -> Weights:
    """Sets one weight after another to its best value until none gains; a weight of one stays."""
    fixed, best = start.index(max(start)), start
    while True:
        before = best
        for part in offered:
            if part != fixed:
                best = max((best, *(_changed(best, part, weight) for weight in (0.0, *grid))), key=value)
        if value(best) <= value(before):
            return before


def _pruned(weights: Weights, value: Value, gain: float) -> Weights:
    """Drops the parts that gain too little, the least useful first."""
    while sum(weight > 0 for weight in weights) > 1:
        fewer = [_changed(weights, part, 0.0) for part, weight in enumerate(weights) if weight > 0]
        best = max(fewer, key=value)
        if value(weights) >= value(best) * (1 + gain):
            break
        weights = best
    return weights


def _differing(weights: Weights, part: int, value: Value, grid: tuple[float, ...]) -> Weights:
    if weights[part] == 0:
        return max((_changed(weights, part, weight) for weight in grid), key=value)
    others = tuple(other for other in range(len(weights)) if other != part)
    if not others:
        return _changed(weights, part, 0.0)
    return _climbed(_best_single(others, len(weights), value, 0.0), others, value, grid)


def _changed(weights: Weights, part: int, weight: float) -> Weights:
    return (*weights[:part], weight, *weights[part + 1 :])
