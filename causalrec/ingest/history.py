"""Compares a delivery with earlier ones: its size and the mix of its values."""

import datetime as dt
import math
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from causalrec.config.ingest import IngestSettings
from causalrec.contracts import Contract
from causalrec.ingest.gate import VOLUME_WINDOW_DAYS
from causalrec.ingest.measure import Measures
from causalrec.lake import Ledger
from causalrec.lake.record.ledger import LATE

SEEN = "seen."
ROWS_TO_MEDIAN = "rows_to_median"
DRIFT = "drift_"
HALF = 0.5  # added to each count, so that a value seen on only one side has a finite weight


@dataclass(frozen=True)
class Past:
    """What the ledger keeps of one delivery: its rows, and per distribution the count of each value."""

    rows: int
    seen: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


def counters_of(found: Measures) -> dict[str, float]:
    """The ledger counters that later deliveries are compared with, and those of late rows."""
    counters: dict[str, float] = {LATE + date: n for date, n in found.late.items()}
    for name, counts in found.seen.items():
        counters |= {f"{SEEN}{name}.{value}": n for value, n in counts.items()}
    return counters


def past_deliveries(ledger: Ledger, job: str) -> dict[dt.date, Past]:
    """Everything that ``job`` loaded, by arrival date."""
    return {
        date: Past(row.rows_in, _grouped(row.counters))
        for date, row in ledger.successes(job).items()
        if row.writes
    }


def compared(
    measures: Mapping[dt.date, Measures],
    past: Mapping[dt.date, Past],
    table: Contract,
    settings: IngestSettings,
    history: dt.date | None = None,
) -> dict[dt.date, Measures]:
    """The measures with ``rows_to_median`` and ``drift_NAME`` among their metrics.

    Each delivery is compared with the ``volume_window_days`` before it; null if their median is below
    ``volume_min_median`` rows, since such counts are only noise, or if ``compare_history`` is off. Drift is
    the population stability index (natural logarithm): 0 for equal shares, 0.25 for a mix that moved.
    Deliveries up to ``history`` do not represent a usual day and are not judged.
    """
    known = dict(past) | {date: Past(found.rows_in, found.seen) for date, found in measures.items()}
    results = {}
    for date, found in measures.items():
        window = [known[day] for day in sorted(known) if day < date and not _is_history(day, history)]
        window = window[-VOLUME_WINDOW_DAYS:]
        median = statistics.median(one.rows for one in window) if window else 0
        judged = settings.compare_history and median >= settings.volume_min_median
        metrics: dict[str, float | None] = {ROWS_TO_MEDIAN: found.rows_in / median if judged else None}
        for name in table.extensions.distributions:
            before = _pooled(one.seen.get(name, {}) for one in window)
            comparable = judged and bool(before) and found.rows_in >= settings.volume_min_median
            metrics[DRIFT + name] = stability(before, found.seen.get(name, {})) if comparable else None
        results[date] = replace(found, metrics={**found.metrics, **metrics})
    return results


def history_end(
    feed_dates: Iterable[dt.date], loaded: Iterable[dt.date], settings: IngestSettings
) -> dt.date | None:
    """Last arrival date that counts as history: the configured one, else that of the first delivery."""
    return settings.history_until or min((*feed_dates, *loaded), default=None)


def _is_history(day: dt.date, history: dt.date | None) -> bool:
    return history is not None and day <= history


def stability(before: Mapping[str, float], now: Mapping[str, float]) -> float:
    """Population stability index of two tallies."""
    values = sorted(before.keys() | now.keys())
    left = sum(before.values()) + HALF * len(values)
    right = sum(now.values()) + HALF * len(values)
    total = 0.0
    for value in values:
        p, q = (before.get(value, 0) + HALF) / left, (now.get(value, 0) + HALF) / right
        total += (q - p) * math.log(q / p)
    return total


def _pooled(tallies: Iterable[Mapping[str, float]]) -> Counter[str]:
    pooled: Counter[str] = Counter()
    for tally in tallies:
        pooled.update({value: int(n) for value, n in tally.items()})
    return pooled


def _grouped(counters: Mapping[str, float]) -> dict[str, dict[str, float]]:
    groups: dict[str, dict[str, float]] = {}
    for key, count in counters.items():
        if key.startswith(SEEN):
            name, _, value = key.removeprefix(SEEN).partition(".")
            groups.setdefault(name, {})[value] = count
    return groups
