"""Sources from plug-ins; see :mod:`causalrec.plugins`."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from causalrec.config import Settings
from causalrec.plugins import SOURCES, load_plugin
from causalrec.sources.marker import Marker
from causalrec.sources.progress import Steps

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

OWN = ("native", "demo", "hm")


@runtime_checkable
class Source(Protocol):
    """Fills a landing zone in the layout of the landing contracts."""

    def fingerprint(self, settings: Settings) -> str:
        """Hash of everything that determines what is written."""

    def land(
        self, settings: Settings, progress: Steps, spark: "Callable[[], SparkSession] | None"
    ) -> tuple[Marker, bool]:
        """Write what is missing; returns the state of the landing zone and whether anything was written."""


def source_plugin(kind: str) -> Source:
    """The plug-in source named ``kind``.

    Raises:
        SettingsError: no package provides it, it cannot be imported, or it is not a source.
    """
    return load_plugin(SOURCES, kind, Source, "source.kind", OWN)  # type: ignore[type-abstract]
