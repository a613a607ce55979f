"""In words: data that a night did not know of, or could not read."""

import datetime as dt
from collections.abc import Mapping, Sequence

from causalrec.ingest.unread import INGESTS, UNREAD, unread_fields
from causalrec.run import Run
from jobs.commands._shared.states import JobState


def late_lines(late: Mapping[str, Mapping[str, int]], ds: dt.date, known: str) -> list[str]:
    """In words: what happened by the night of ``ds`` but arrived later.

    Args:
        late: event date -> arrival date -> rows.
        ds: run date.
        known: the setting ``dataset.known``.
    """
    day = ds.isoformat()
    lines = []
    own = {arrival: n for arrival, n in late.get(day, {}).items() if arrival > day}
    if own:
        arrivals = ", ".join(f"{n:,} on {arrival}" for arrival, n in own.items())
        lines.append(f"late: {sum(own.values()):,} events of {day} arrived after it ({arrivals})")
    after = {e: sum(n for a, n in found.items() if a > day) for e, found in late.items() if e <= day}
    total, dates = sum(after.values()), [event for event, n in after.items() if n]
    if total:
        span = dates[0] if len(dates) == 1 else f"{len(dates)} dates, {dates[0]} to {dates[-1]}"
        lines.append(
            f"unknown to this night: {total:,} events of {span}"
            + (
                "; a run with dataset.known = today includes them"
                if known == "then"
                else " (in its results, dataset.known = today)"
            )
        )
    return lines


def unread_lines(shop: Run, found: Sequence[JobState]) -> list[str]:
    """In words: columns of a date's deliveries that became null in some rows."""
    lines = []
    for state in found:
        row = state.row
        if row is None or state.job not in INGESTS or not any(w["table"] == UNREAD for w in row.writes):
            continue
        kind = INGESTS[state.job]
        lines += [
            f"unread: {one.column} of {one.rows:,} {kind} ({one.reason}, such as {one.example!r}); they are "
            f"empty until a correction and causalrec requeue {kind}"
            for one in unread_fields(shop.lake, kind, [row.ds])
        ]
    return lines
