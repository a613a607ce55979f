"""Rows that the gate must reject. Each has exactly one defect, so that its reason code is certain."""

import datetime as dt
import json
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from causalrec.errors import ReasonCode

BROKEN_ROWS = 2  # broken rows per delivery and kind of fault

Row = dict[str, Any]
Spoil = Callable[[Row, dt.date, int], str]
"""(a good row, arrival date, running number) -> the line with its defect."""

TOO_OLD = ReasonCode.TOO_OLD
BUDGET = 5
"""At most one broken row per this many good ones, so that a small delivery does not fail as a whole."""


def plant_events(
    rows: Sequence[Row], arrival: dt.date, most: int, good: int, rng: np.random.Generator, *, history: bool
) -> tuple[list[str], Counter[str]]:
    """Broken event lines made from copies of ``rows``, 0 to ``most`` per reason, and their counts.

    In a ``history`` delivery no event is too old.
    """
    faults = {reason: spoil for reason, spoil in EVENT_FAULTS.items() if not history or reason != TOO_OLD}
    return _plant(faults, rows, arrival, most, good, rng)


def plant_products(
    rows: Sequence[Row], arrival: dt.date, most: int, rng: np.random.Generator
) -> tuple[list[str], Counter[str]]:
    """Broken product lines made from copies of ``rows``, 0 to ``most`` per reason, and their counts."""
    return _plant(PRODUCT_FAULTS, rows, arrival, most, len(rows), rng)


def mix(lines: list[str], more: list[str], rng: np.random.Generator) -> list[str]:
    """``more`` at random positions among ``lines``, which keep their order."""
    places = np.sort(rng.integers(0, len(lines) + 1, len(more)))
    return np.insert(np.array(lines, dtype=object), places, np.array(more, dtype=object)).tolist()


def _plant(
    faults: dict[ReasonCode, Spoil], rows: Sequence[Row], arrival: dt.date, most: int, good: int,
    rng: np.random.Generator,
) -> tuple[list[str], Counter[str]]:  # fmt: skip
    wanted = [reason for reason in faults for _ in range(int(rng.integers(0, most + 1)))] if rows else []
    chosen = [wanted[i] for i in sorted(rng.permutation(len(wanted))[: good // BUDGET])]
    bases = [dict(rows[i]) for i in rng.choice(len(rows), len(chosen), replace=False)] if chosen else []
    lines = [
        faults[reason](base, arrival, number)
        for number, (reason, base) in enumerate(zip(chosen, bases, strict=True))
    ]
    return lines, Counter(str(reason) for reason in chosen)


def _event(key: str, *values: object) -> Spoil:
    """A fault that sets ``key`` to one of ``values`` in an event with a new id."""

    def spoil(row: Row, arrival: dt.date, number: int) -> str:
        row["event_id"] = f"x{arrival:%Y%m%d}-{number:04d}"
        row[key] = values[number % len(values)]
        return json.dumps(row)

    return spoil


def _event_time(days: int) -> Spoil:
    def spoil(row: Row, arrival: dt.date, number: int) -> str:
        moment = dt.datetime.combine(arrival + dt.timedelta(days=days), dt.time(12), dt.UTC)
        return _event("event_time", moment.isoformat())(row, arrival, number)

    return spoil


def _event_partition(row: Row, arrival: dt.date, number: int) -> str:
    return _event("arrival_date", (arrival - dt.timedelta(days=1)).isoformat())(row, arrival, number)


def _cut(row: Row, arrival: dt.date, number: int) -> str:
    """A truncated line, as left by a dying writer."""
    return json.dumps(row)[: 40 + number]


def _product(key: str, *values: object) -> Spoil:
    """A fault that sets ``key`` to one of ``values`` in a product with a new id."""

    def spoil(row: Row, arrival: dt.date, number: int) -> str:
        row["item_id"] = f"x{arrival:%Y%m%d}-{number:04d}"
        row[key] = values[number % len(values)]
        return json.dumps(row)

    return spoil


def _product_future(row: Row, arrival: dt.date, number: int) -> str:
    moment = dt.datetime.combine(arrival + dt.timedelta(days=2), dt.time(12), dt.UTC)
    return _product("updated_at", moment.isoformat())(row, arrival, number)


def _product_again(row: Row, arrival: dt.date, number: int) -> str:
    """An older state of an item in the same delivery."""
    moment = dt.datetime.combine(arrival - dt.timedelta(days=1), dt.time(12), dt.UTC)
    return json.dumps({**row, "updated_at": moment.isoformat()})


LONG_AGO = -200

EVENT_FAULTS: dict[ReasonCode, Spoil] = {
    ReasonCode.UNPARSEABLE: _cut,
    ReasonCode.MISSING_REQUIRED: _event("user_id", None),
    ReasonCode.INVALID_TYPE: _event("event_time", "yesterday", "2026-13-01T12:00:00Z"),
    ReasonCode.WRONG_PARTITION: _event_partition,
    ReasonCode.BAD_ID: _event("item_id", "p\u0007ring", "p\u0000zero"),
    ReasonCode.UNKNOWN_EVENT_TYPE: _event("event_type", "wishlist", "PURCHASE!"),
    ReasonCode.FUTURE_EVENT: _event_time(2),
    ReasonCode.TOO_OLD: _event_time(LONG_AGO),
    ReasonCode.NULL_ID: _event("user_id", "null", "NaN"),
}

PRODUCT_FAULTS: dict[ReasonCode, Spoil] = {
    ReasonCode.UNPARSEABLE: _cut,
    ReasonCode.MISSING_REQUIRED: _product("updated_at", None),
    ReasonCode.INVALID_TYPE: _product("updated_at", "yesterday", 12.5),
    ReasonCode.BAD_ID: _product("item_id", "p\u0000zero", "p\nline"),
    ReasonCode.FUTURE_EVENT: _product_future,
    ReasonCode.NULL_ID: _product("item_id", "None", "undefined"),
    ReasonCode.DUPLICATE: _product_again,
}
