"""The demo shop as a source: written once, then left alone."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from causalrec.config import Settings
from causalrec.errors import SourceError
from causalrec.sources.demo.generate import generate, is_large, last_day
from causalrec.sources.marker import Marker, claim, digest, write_marker
from causalrec.sources.progress import Steps

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

GENERATOR = 2
"""Version of the generator; raised whenever its output changes."""


def demo_fingerprint(settings: Settings) -> str:
    """Hash of everything that decides the shop's content."""
    chosen = settings.source.model_dump(mode="json", exclude={"raw": True, "demo": {"spark_sessions"}})
    return digest([GENERATOR, chosen])


def land_demo(
    settings: Settings, progress: Steps, spark: "Callable[[], SparkSession] | None"
) -> tuple[Marker, bool]:
    """Write the shop unless it exists; returns its marker and whether anything was written.

    Raises:
        SourceError: the landing zone holds a shop with different settings, or other deliveries.
    """
    root, mark = settings.landing_root, demo_fingerprint(settings)
    there = claim(root, "demo")
    if there is not None and there.fingerprint != mark:
        raise SourceError(
            f"{root} holds a shop that was written with other settings",
            do="choose another paths.work, or delete the work folder to start anew",
        )
    if there is not None and there.complete:
        return there, False
    source = settings.source
    first, last = source.first_day.isoformat(), last_day(source).isoformat()
    write_marker(root, Marker("demo", mark, False, first, last))
    session = spark() if spark is not None and is_large(source) else None
    rows = generate(source, root, str(settings.truth_root), progress, session)
    marker = Marker("demo", mark, True, first, last, rows)
    write_marker(root, marker)
    return marker, True
