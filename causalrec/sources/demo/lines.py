"""Events as JSON lines, built column by column."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from causalrec.sources.demo import names
from causalrec.sources.demo.abroad import markets_of_users
from causalrec.sources.demo.behaviour import TYPES, Activity
from causalrec.sources.demo.world import Floats, World

OFFSET_SHARE = 0.1  # share of events whose time carries an offset from UTC

UNIFORM, BIASED = "uniform", "ranked"
"""Names of the two exposure policies."""
LOCAL_OFFSET_HOURS = 1


def encode_events(
    world: World, activity: Activity, price: Floats, day: int, block: int, rng: np.random.Generator
) -> list[str]:
    """One JSON object per event; a share of the sessions reports local time with an offset."""
    date = world.day(day)
    parts = {
        "event_id": _quoted(names.event_ids(date, block, len(activity))),
        "event_time": _quoted(_times(world, activity, day, rng)),
        "user_id": _quoted(names.user_ids(activity.user)),
        "item_id": _quoted(names.item_ids(activity.item)),
        "event_type": _quoted(pa.array(TYPES[activity.kind])),
        "session_id": _quoted(names.session_ids(date, block, activity.session)),
        "position": _number(activity.position),
        "policy": _quoted(pa.array(np.where(activity.uniform, UNIFORM, BIASED))),
        "propensity": _number(activity.propensity),
        "price": _number(np.round(price[activity.item], 2)),
    }
    if world.knobs.markets:
        parts["market"] = _quoted(markets_of_users(world, activity.user))
    fields = [pc.binary_join_element_wise(f'"{name}": ', values, "") for name, values in parts.items()]
    body = pc.binary_join_element_wise(*fields, ", ")
    lines: list[str] = pc.binary_join_element_wise("{", body, "}", "").to_pylist()
    return lines


def _times(world: World, activity: Activity, day: int, rng: np.random.Generator) -> pa.Array:
    midnight = np.datetime64(world.day(day).isoformat(), "ms")
    sessions = int(activity.session.max(initial=-1)) + 1
    local = (rng.random(sessions) < OFFSET_SHARE)[activity.session]
    shown = midnight + (activity.millisecond + np.where(local, LOCAL_OFFSET_HOURS * 3_600_000, 0)).astype(
        "timedelta64[ms]"
    )
    zone = np.where(local, f"+{LOCAL_OFFSET_HOURS:02d}:00", "Z")
    return pc.binary_join_element_wise(pa.array(np.datetime_as_string(shown)), pa.array(zone), "")


def _quoted(values: pa.Array) -> pa.Array:
    """Texts that need no escape in JSON, between quotes."""
    return pc.binary_join_element_wise('"', values.cast(pa.string()), '"', "")


def _number(values: np.ndarray) -> pa.Array:
    return pc.cast(pa.array(values), pa.string())
