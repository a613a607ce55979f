"""Plug-ins: components that other packages provide, found by their entry points.

A package declares each component in one line::

    [project.entry-points."causalrec.sources"]
    parcels = "causalrec_parcels:Parcels"

Settings name it: ``source.kind = "parcels"``, ``features.image.model = "plugin:NAME"``,
``features.text.model``, ``model.name`` alike, and ``export.plugins = ["NAME"]``.
"""

from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points
from typing import TypeVar

from causalrec.errors import SettingsError

SOURCES = "causalrec.sources"
IMAGE_ENCODERS = "causalrec.image_encoders"
TEXT_ENCODERS = "causalrec.text_encoders"
MODELS = "causalrec.models"
EXPORTS = "causalrec.exports"
GROUPS = (SOURCES, IMAGE_ENCODERS, TEXT_ENCODERS, MODELS, EXPORTS)

PREFIX = "plugin:"
"""Prefix of a setting's value that refers to a plug-in rather than to a built-in component."""

Part = TypeVar("Part")


def plugin_name(setting: str) -> str | None:
    """NAME of ``plugin:NAME``; None for anything else."""
    return setting.removeprefix(PREFIX) if setting.startswith(PREFIX) else None


def plugin_names(group: str) -> list[str]:
    """Names that installed packages register in a group, sorted."""
    return sorted({point.name for point in entry_points(group=group)})


def load_plugin(group: str, name: str, wanted: type[Part], setting: str, own: Iterable[str] = ()) -> Part:
    """An instance of the class that an entry point names.

    Args:
        wanted: protocol it must implement. setting: the setting that names it. own: built-in names.

    Raises:
        SettingsError: no package provides it, it cannot be imported or created, or it lacks a member of
            ``wanted``.
    """
    made = _called(_point(group, name, setting, own), group)
    if not isinstance(made, wanted):
        missing = [part for part in _parts(wanted) if not hasattr(made, part)]
        raise SettingsError(
            f"{group} {name!r} is not a {wanted.__name__}: it lacks {', '.join(missing)}",
            do=f"give it what causalrec asks for (docs/plugins.md), or correct {setting}",
        )
    return made


def load_class(group: str, name: str, wanted: type[Part], setting: str) -> type[Part]:
    """The class itself, a subclass of ``wanted``.

    Raises:
        SettingsError: as :func:`load_plugin`.
    """
    found = _loaded(_point(group, name, setting, ()), group)
    if not (isinstance(found, type) and issubclass(found, wanted)):
        raise SettingsError(
            f"{group} {name!r} is not a subclass of {wanted.__name__}",
            do=f"make it one (docs/plugins.md), or correct {setting}",
        )
    return found


def plugin_version(group: str, name: str) -> str:
    """Name and version of the package that provides it: results made with it depend on both."""
    point = next((one for one in entry_points(group=group) if one.name == name), None)
    return f"{point.dist.name} {point.dist.version}" if point is not None and point.dist is not None else ""


def _point(group: str, name: str, setting: str, own: Iterable[str]) -> EntryPoint:
    found = {point.name: point for point in entry_points(group=group)}
    if name not in found:
        others = ", ".join([*own, *sorted(found)]) or "none is installed"
        raise SettingsError(
            f"no installed package has {name!r} in {group}", do=f"install it, or set {setting} to: {others}"
        )
    return found[name]


def _loaded(point: EntryPoint, group: str) -> object:
    try:
        return point.load()
    except Exception as error:  # another package may raise anything on import
        raise _unusable(point, group, error) from error


def _called(point: EntryPoint, group: str) -> object:
    found = _loaded(point, group)
    try:
        return found() if callable(found) else found
    except Exception as error:  # and so may its constructor
        raise _unusable(point, group, error) from error


def _unusable(point: EntryPoint, group: str, error: Exception) -> SettingsError:
    what = f"{group} {point.name!r} ({point.value}) cannot be loaded: {type(error).__name__}: {error}"
    return SettingsError(what[:500], do="correct or remove that package")


def _parts(wanted: type) -> list[str]:
    return sorted(name for name in vars(wanted) if not name.startswith("_"))
