"""The shop as independent tasks: one per day and block of users, one per block of pictures.

A task depends on the settings and its own numbers only, so one process and a thousand write the same bytes.
"""

import json
import posixpath
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import pyarrow as pa

from causalrec.config.source import SourceSettings
from causalrec.sources.demo.behaviour import block_count
from causalrec.sources.demo.catalogue import price_table
from causalrec.sources.demo.deliver import Delivered, deliver_events
from causalrec.sources.demo.images import put_pictures
from causalrec.sources.demo.world import Floats, World, build_world

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Step = Callable[[], None]
PICTURES_PER_TASK = 50
WAVES, TASKS_PER_CORE = 20, 4


@dataclass(frozen=True)
class Task:
    """``events``: day and block of users; ``pictures``: first and last item."""

    kind: Literal["events", "pictures"]
    first: int
    second: int


@dataclass(frozen=True)
class Roots:
    """Where tasks write: paths or URIs."""

    landing: str
    images: str
    truth: str


def plan_tasks(world: World) -> list[Task]:
    """All tasks of a shop."""
    blocks, n = block_count(world), world.source.items
    events = [Task("events", day, block) for day in range(world.source.days) for block in range(blocks)]
    cuts = range(0, n, PICTURES_PER_TASK)
    return events + [Task("pictures", first, min(first + PICTURES_PER_TASK, n)) for first in cuts]


def run_task(source: SourceSettings, roots: Roots, task: Task) -> dict[str, Delivered]:
    """Run one task; returns what it delivered by arrival date (nothing for pictures)."""
    world, prices = _shop(source)
    if task.kind == "events":
        return deliver_events(world, prices, roots.landing, roots.truth, task.first, task.second)
    put_pictures(world, roots.images, task.first, task.second)
    return {}


def run_here(
    source: SourceSettings, roots: Roots, tasks: list[Task], step: Step
) -> Iterator[dict[str, Delivered]]:
    """Run the tasks one after another in this process."""
    for task in tasks:
        yield run_task(source, roots, task)
        step()


def run_on_spark(
    spark: "SparkSession", source: SourceSettings, roots: Roots, tasks: list[Task], step: Step
) -> Iterator[dict[str, Delivered]]:
    """Run each as a Spark task, in waves so that progress can be shown; only counts return to the driver."""
    plan = [asdict(task) for task in tasks]

    def work(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for number in batch.column(0).to_pylist():
                done = run_task(source, roots, Task(**plan[number]))
                yield pa.RecordBatch.from_pydict({"done": [_to_text(done)]})

    size = max(TASKS_PER_CORE * spark.sparkContext.defaultParallelism, -(-len(plan) // WAVES))
    for first in range(0, len(plan), size):
        last = min(first + size, len(plan))
        frame = spark.range(first, last, 1, last - first).mapInArrow(work, "done string")
        for row in frame.collect():
            yield _from_text(row["done"])
            step()


def _to_text(done: dict[str, Delivered]) -> str:
    return json.dumps({arrival: [part.lines, part.planted] for arrival, part in done.items()})


def _from_text(text: str) -> dict[str, Delivered]:
    parts: dict[str, tuple[int, dict[str, int]]] = json.loads(text)
    return {arrival: Delivered(lines, Counter(planted)) for arrival, (lines, planted) in parts.items()}


@lru_cache(maxsize=1)
def _shop(source: SourceSettings) -> tuple[World, Floats]:
    world = build_world(source)
    return world, price_table(world)


def image_root(landing: str) -> str:
    """Root of the shop's pictures."""
    return posixpath.join(landing, "images")
