"""Export targets from plug-ins: ``export.plugins = ["NAME"]``."""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from causalrec.config import Settings
from causalrec.errors import CausalrecError, ExportError, SettingsError
from causalrec.plugins import EXPORTS, load_plugin
from causalrec.scoring.export.night import Night
from causalrec.scoring.export.outcome import Exported, RowsDone


@runtime_checkable
class ExportTarget(Protocol):
    """A store that a shop serves from.

    It replaces what it serves in one step, does nothing if it already holds this night
    (:attr:`Night.name`), and reads tables in batches (:meth:`NightTable.batches`). If it stores user ids, it
    should be an :class:`ErasableTarget` as well; otherwise erasing them is up to the package.
    """

    def export(self, night: Night, settings: Settings, progress: RowsDone) -> tuple[Exported, ...]:
        """Copies every table of the night; one entry per table, counted in the store after the export."""


@runtime_checkable
class ErasableTarget(Protocol):
    """A target from which ``causalrec erase`` can remove rows.

    ``named`` maps columns of the exported tables to ids: rows that hold one of them in that column are meant.
    """

    def count(self, named: Mapping[str, tuple[str, ...]], settings: Settings) -> int:
        """Number of such rows in all nights that are still stored; changes nothing."""

    def erase(self, named: Mapping[str, tuple[str, ...]], settings: Settings) -> None:
        """Removes them. If killed at any point, the next call finishes the work."""


def erasable(name: str) -> ErasableTarget | None:
    """The plug-in's target if it can erase; None if it cannot, or is not installed here."""
    try:
        target = load_plugin(EXPORTS, name, ExportTarget, "export.plugins")  # type: ignore[type-abstract]
    except SettingsError:
        return None
    return target if isinstance(target, ErasableTarget) else None


def export_plugin(name: str, night: Night, settings: Settings, progress: RowsDone) -> tuple[Exported, ...]:
    """The result of exporting a night to a plug-in's target.

    Raises:
        SettingsError: there is no such target.
        ExportError: it failed.
    """
    target = load_plugin(EXPORTS, name, ExportTarget, "export.plugins")  # type: ignore[type-abstract]
    try:
        return target.export(night, settings, progress)
    except CausalrecError:
        raise
    except Exception as error:  # a plug-in's store may fail in any way; the other stores continue
        raise ExportError(
            f"{name}: {type(error).__name__}: {error}"[:500], do="look at that package and its store"
        ) from error
