"""Writes the whole shop: events, products, pictures, truth."""

import datetime as dt
import posixpath
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from causalrec.config.source import SourceSettings
from causalrec.sources.demo.catalogue import price_table, product_delivery
from causalrec.sources.demo.deliver import Delivered
from causalrec.sources.demo.roles import choose_roles
from causalrec.sources.demo.tasks import Roots, image_root, plan_tasks, run_here, run_on_spark
from causalrec.sources.demo.truth import put_counts, put_truth
from causalrec.sources.demo.world import SESSIONS_PER_DAY, World, build_world
from causalrec.sources.files import put
from causalrec.sources.landing import delivery_folder
from causalrec.sources.progress import Steps

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SPARK_SESSIONS = 300_000  # sessions from which Spark runs the generation tasks

Counts = dict[str, dict[str, dict[str, int]]]
"""arrival date -> table -> reason (or "lines") -> rows."""


def last_day(source: SourceSettings) -> dt.date:
    """The shop's last arrival date."""
    return source.first_day + dt.timedelta(days=source.days - 1)


def is_large(source: SourceSettings) -> bool:
    """Whether the shop is worth a Spark session."""
    return bool(source.users * source.days * SESSIONS_PER_DAY >= SPARK_SESSIONS)


def generate(
    source: SourceSettings, landing: str, truth: str, progress: Steps, spark: "SparkSession | None"
) -> int:
    """Write the shop below ``landing`` and its truth below ``truth``; the same settings give the same bytes.

    Args:
        source: size, seed and knobs.
        landing: root of the landing zone, path or URI.
        truth: root of the truth, path or URI.
        progress: called with the numbers of finished and of all tasks.
        spark: runs the tasks in parallel; None runs them here.

    Returns:
        Event lines delivered.
    """
    world = build_world(source)
    roots, tasks = Roots(landing, image_root(landing), truth), plan_tasks(world)
    planted: Counts = defaultdict(lambda: defaultdict(dict))
    delivered: Counts = defaultdict(lambda: defaultdict(dict))
    put_truth(world, truth)
    _deliver_products(world, landing, planted, delivered)
    finished = 0

    def step() -> None:
        nonlocal finished
        finished += 1
        progress(finished, len(tasks))

    runs = (
        run_here(source, roots, tasks, step)
        if spark is None
        else run_on_spark(spark, source, roots, tasks, step)
    )
    _add_events(runs, planted, delivered)
    if images := Counter(str(reason) for reason in choose_roles(world).broken.values()):
        planted[world.day(0).isoformat()]["image_failures"] = dict(images)
    put_counts(truth, "planted.json", planted)
    put_counts(truth, "deliveries.json", delivered)
    return sum(tables["events"]["lines"] for tables in delivered.values())


def _deliver_products(world: World, landing: str, planted: Counts, delivered: Counts) -> None:
    prices = price_table(world)
    for day in range(world.source.days):
        delivery, arrival = product_delivery(world, prices, day), world.day(day)
        if not delivery.lines:
            continue
        path = posixpath.join(delivery_folder(landing, "products", arrival), "catalogue.jsonl")
        put(path, ("\n".join(delivery.lines) + "\n").encode())
        delivered[arrival.isoformat()]["products"] = {"lines": len(delivery.lines)}
        if delivery.planted:
            planted[arrival.isoformat()]["products"] = dict(delivery.planted)


def _add_events(runs: Iterable[dict[str, Delivered]], planted: Counts, delivered: Counts) -> None:
    lines, faults = Counter[str](), defaultdict[str, Counter[Any]](Counter)
    for parts in runs:
        for arrival, part in parts.items():
            lines[arrival] += part.lines
            faults[arrival].update(part.planted)
    for arrival, count in lines.items():
        delivered[arrival]["events"] = {"lines": count}
        if faults[arrival]:
            planted[arrival]["events"] = dict(faults[arrival])
