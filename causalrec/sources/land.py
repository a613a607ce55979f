"""Fill the landing zone from the configured source, once."""

import datetime as dt
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING

from causalrec.config import Settings
from causalrec.errors import SourceError
from causalrec.lake.outcome import Outcome
from causalrec.sources.demo.adapter import demo_fingerprint, land_demo
from causalrec.sources.hm.adapter import hm_fingerprint, land_hm
from causalrec.sources.landing import delivery_fingerprint
from causalrec.sources.marker import Marker, read_marker
from causalrec.sources.native import look_native
from causalrec.sources.plugins import source_plugin
from causalrec.sources.progress import Steps, silent

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def land_inputs(settings: Settings, ds: dt.date) -> dict[str, str]:
    """What the landing zone of ``ds`` depends on: the source, and the presence of what it wrote.

    If that is missing, the digest is different each time, so that landing is never skipped.
    """
    root = settings.landing_root
    wanted = {"source": _source_digest(settings)}
    for kind in ("events", "products"):
        wanted[kind] = delivery_fingerprint(root, kind, ds)
    marker = None if settings.source.kind == "native" else read_marker(root)
    complete = marker is not None and marker.complete
    if not wanted["events"] or not (complete or settings.source.kind == "native"):
        wanted["absent"] = uuid.uuid4().hex
    return wanted


def land(
    settings: Settings,
    ds: dt.date,
    progress: Steps = silent,
    spark: "Callable[[], SparkSession] | None" = None,
) -> Outcome:
    """Make sure that the landing zone contains what the source has for ``ds``.

    Args:
        settings: ``source`` decides what happens: native nothing, demo writes the shop, hm converts.
        ds: run date; it must lie in the range of the source.
        progress: called with the amount of work done.
        spark: provides a session for large work; None does it in this process.

    Raises:
        SourceError: ``ds`` lies outside the range of the source, or the source is absent.
        ContractError: a raw file lacks a column.
    """
    marker, wrote = _fill(settings, progress, spark)
    if not marker.first <= ds.isoformat() <= marker.last:
        raise SourceError(
            f"no delivery for {ds}: the source has {marker.first} to {marker.last}",
            do="run a date in that range",
        )
    rows = marker.rows if wrote else 0
    note = f"{marker.rows:,} event lines, {marker.first} to {marker.last}" if wrote else "nothing to write"
    return Outcome(rows_in=rows, rows_out=rows, note=note)


def _fill(
    settings: Settings, progress: Steps, spark: "Callable[[], SparkSession] | None"
) -> tuple[Marker, bool]:
    match settings.source.kind:
        case "demo":
            return land_demo(settings, progress, spark)
        case "hm":
            return land_hm(settings, progress)
        case "native":
            return look_native(settings), False
        case other:
            return source_plugin(other).land(settings, progress, spark)


def _source_digest(settings: Settings) -> str:
    match settings.source.kind:
        case "demo":
            return demo_fingerprint(settings)
        case "hm":
            return hm_fingerprint(settings)
        case "native":
            return "native"
        case other:
            return source_plugin(other).fingerprint(settings)
