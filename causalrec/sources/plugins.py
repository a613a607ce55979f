"""Sources of other packages: entry points of the group ``causalrec.sources``.

Such a package declares, for ``source.kind = "parcels"``::

    [project.entry-points."causalrec.sources"]
    parcels = "causalrec_parcels:Parcels"

An entry point names a class without arguments that is a :class:`Source`.
"""

from collections.abc import Callable
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from causalrec.config import Settings
from causalrec.errors import SettingsError
from causalrec.sources.marker import Marker
from causalrec.sources.progress import Progress

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

GROUP = "causalrec.sources"


@runtime_checkable
class Source(Protocol):
    """What fills a landing zone in the layout of the landing contracts."""

    def fingerprint(self, settings: Settings) -> str:
        """Hash of everything that decides what is written."""

    def land(
        self, settings: Settings, progress: Progress, spark: "Callable[[], SparkSession] | None"
    ) -> tuple[Marker, bool]:
        """Write what is missing; the state of the landing zone, and whether anything was written."""


def source_plugin(kind: str) -> Source:
    """The source that another package calls ``kind``.

    Raises:
        SettingsError: no package has it, it cannot be imported, or it is no source.
    """
    found = {point.name: point for point in entry_points(group=GROUP)}
    if kind not in found:
        others = ", ".join(["native", "demo", "hm", *sorted(found)])
        raise SettingsError(f"there is no source {kind!r}", do=f"set source.kind to one of: {others}")
    try:
        source = found[kind].load()()
    except Exception as error:  # a foreign package may raise anything while it is imported
        what = f"source {kind!r} ({found[kind].value}) cannot be loaded: {type(error).__name__}: {error}"
        raise SettingsError(what[:500], do="correct or remove that package") from error
    if not isinstance(source, Source):
        raise SettingsError(
            f"source {kind!r} ({found[kind].value}) is no source",
            do="give it the methods fingerprint and land",
        )
    return source
