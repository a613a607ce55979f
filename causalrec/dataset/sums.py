"""What became of every event that a dataset reads, as counters of the ledger that add up."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

SPLITS = ("train", "valid", "test")


def pair_sums(found: Mapping[str, float], pairs: pa.Table, arrays: Mapping[str, Any]) -> dict[str, float]:
    """Counters of the events that make pairs (``dataset.event_weights``).

    Rows of these types that had arrived = ``events_too_old`` + ``delivered_again`` + ``unknown_item`` +
    ``robot_events`` + ``repeats`` + ``later_periods`` + the sum of ``events`` of all pairs. Pairs = train +
    valid + test + ``shown_by_chance``.

    Args:
        found: what :func:`causalrec.dataset.interactions.positive_events` observed.
        pairs: rows of the table ``interactions``. arrays: of the bundle.
    """
    dropped = sum(found[name] for name in ("unknown_item", "robot_events", "repeats"))
    in_pairs = pc.sum(pairs["events"]).as_py() or 0
    in_splits = sum(arrays[name].shape[1] for name in SPLITS)
    return {
        **found,
        "later_periods": found["positives"] - dropped - in_pairs,
        "shown_by_chance": float(pairs.num_rows - in_splits),
    }


def look_sums(found: Mapping[str, float], rows: pa.Table) -> dict[str, float]:
    """Counters of the events that are looks: impressions, or views in a shop that logs none.

    ``look_events`` = ``look_robot_events`` + ``look_unknown_item`` + ``look_repeats`` (in a session) +
    ``look_unexplained`` (all of them, where most carts and purchases do not follow a look) + ``looks``.

    Args:
        found: counters of :class:`causalrec.dataset.looks.Looks`. rows: of the table ``looks``.
    """
    looks = float(pc.sum(rows["looks"]).as_py() or 0)
    rest = found["look_events"] - found["look_robot_events"] - found["look_unknown_item"] - looks
    counted = ("look_repeats", "look_unexplained") if rows.num_rows else ("look_unexplained", "look_repeats")
    return {**found, **dict(zip(counted, (rest, 0.0), strict=True)), "looks": looks}
