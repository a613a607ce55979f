"""Events of people: robots are excluded from monitoring, as they are from training."""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from causalrec.config.dataset import DatasetSettings

NEEDED = ("user_id", "event_type", "event_time")
IMPRESSION = "impression"


def without_robots(events: pa.Table, settings: DatasetSettings) -> pa.Table:
    """Rows of one delivery whose user acted that day (UTC) no more often than people do.

    The rule of :mod:`causalrec.dataset.behaviour` for a table in memory; needs :data:`NEEDED`.
    """
    limits = {"n_sum": settings.max_daily_actions, "n_max": settings.max_minute_actions}
    if not any(limits.values()) or not events.num_rows:
        return events
    days = _floored(events, "day")
    actions = days.filter(pc.not_equal(days["event_type"], IMPRESSION))
    keys = ["user_id", "day", "minute"]
    minutes = _floored(actions, "minute").group_by(keys).aggregate([([], "count_all")])
    found = (
        minutes.rename_columns([*keys, "n"])
        .group_by(["user_id", "day"])
        .aggregate([("n", "sum"), ("n", "max")])
    )
    over = [pc.greater(found[name], limit) for name, limit in limits.items() if limit]
    robots = found.filter(over[0] if len(over) == 1 else pc.or_(*over)).select(["user_id", "day"])
    if not robots.num_rows:
        return events
    return days.join(robots, keys=["user_id", "day"], join_type="left anti").select(events.column_names)


def _floored(events: pa.Table, unit: Any) -> pa.Table:  # noqa: ANN401 - a literal of pyarrow
    return events.append_column(unit, pc.floor_temporal(events["event_time"], unit=unit))
