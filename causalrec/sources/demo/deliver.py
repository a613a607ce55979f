"""The events of one day and block as a shop would deliver them: on time, late, twice, broken."""

import datetime as dt
import gzip
import json
import posixpath
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from causalrec.errors import ReasonCode
from causalrec.sources.demo import names
from causalrec.sources.demo.behaviour import Activity, simulate
from causalrec.sources.demo.faults import BROKEN_ROWS, mix, plant_events
from causalrec.sources.demo.lines import encode_events
from causalrec.sources.demo.world import DELIVERY, Floats, World, stream
from causalrec.sources.files import put
from causalrec.sources.landing import delivery_folder

REDELIVERED_SHARE = 0.001  # share of events that are delivered again the next day

LATEST = 3
"""Late events arrive between one and this many days after they happened."""
BASES = 64
"""Rows from which broken lines are copied."""


@dataclass
class Delivered:
    """What a task delivered for one arrival date."""

    lines: int = 0
    planted: Counter[str] = field(default_factory=Counter)


def deliver_events(
    world: World, prices: Floats, landing: str, truth: str, day: int, block: int
) -> dict[str, Delivered]:
    """Write the files of (day, block); returns counts by arrival date, ISO."""
    activity = simulate(world, day, block)
    rng = stream(world.source.seed, DELIVERY, day, 0, block)
    lines = np.array(encode_events(world, activity, prices[day], day, block, rng), dtype=object)
    delay = np.where(
        rng.random(len(lines)) < world.knobs.late_share, rng.integers(1, LATEST + 1, len(lines)), 0
    )
    again = (delay == 0) & (rng.random(len(lines)) < REDELIVERED_SHARE)
    twice = lines[(delay == 0) & (rng.random(len(lines)) < world.knobs.duplicate_share)].tolist()
    done = {}
    for late in range(LATEST + 1):
        if day + late >= world.source.days:
            break  # still in transit when the shop's last delivery is sent
        arrival, text, planted = world.day(day + late), lines[delay == late].tolist(), Counter[str]()
        if late == 0:
            broken, planted = _broken(world, text, arrival, block, rng)
            planted[str(ReasonCode.DUPLICATE)] += len(twice)
            text = mix(text, broken + twice, rng)
        elif late == 1:
            text += lines[again].tolist()
        if text:
            name = f"part-{block:04d}" if late == 0 else f"late-{world.day(day):%Y%m%d}-{block:04d}"
            _put_lines(landing, arrival, name, text)
            done[arrival.isoformat()] = Delivered(len(text), +planted)
    _put_accidents(truth, world.day(day), block, activity)
    return done


def _broken(
    world: World, good: list[str], arrival: dt.date, block: int, rng: np.random.Generator
) -> tuple[list[str], Counter[str]]:
    if block or not good:
        return [], Counter()  # the first block of users carries the day's faults
    bases = [json.loads(line) for line in good[:: max(1, len(good) // BASES)]]
    history = arrival == world.day(0)  # the first delivery
    return plant_events(bases, arrival, BROKEN_ROWS, len(good), rng, history=history)


def _put_lines(landing: str, arrival: dt.date, name: str, lines: list[str]) -> None:
    content = ("\n".join(lines) + "\n").encode()
    path = posixpath.join(delivery_folder(landing, "events", arrival), f"{name}.jsonl.gz")
    put(path, gzip.compress(content, compresslevel=6, mtime=0))


def _put_accidents(truth: str, day: dt.date, block: int, activity: Activity) -> None:
    """Writes the ids of accidental events; the pipeline never sees this file."""
    accident: npt.NDArray[np.bool_] = activity.accident
    ids = names.event_ids(day, block, len(activity)).filter(pa.array(accident))
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"event_id": ids}), sink)
    put(
        posixpath.join(truth, "accidents", f"{day.isoformat()}-{block:04d}.parquet"),
        sink.getvalue().to_pybytes(),
    )
