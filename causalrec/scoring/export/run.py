"""Exports one night to every requested store; a failing store does not hold up the others."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from causalrec.config import Settings
from causalrec.errors import CausalrecError, ExportError
from causalrec.lake import Lake
from causalrec.scoring.export.night import Night, read_night
from causalrec.scoring.export.outcome import Exported, RowsDone, silent
from causalrec.scoring.export.parquet import to_parquet
from causalrec.scoring.export.plugins import export_plugin
from causalrec.scoring.export.postgres import to_postgres
from causalrec.scoring.export.qdrant import to_qdrant
from causalrec.scoring.export.redis import to_redis

BATCH_ROWS = 65_536  # rows read and written at a time

TARGETS = ("parquet", "postgres", "redis", "qdrant")


@dataclass(frozen=True)
class Report:
    """What every store now holds, and the errors of those that failed."""

    night: Night
    exported: tuple[Exported, ...]
    failed: Mapping[str, CausalrecError]


def configured(settings: Settings) -> tuple[str, ...]:
    """The stores that the settings name, plug-ins last."""
    urls = {"parquet": settings.export.parquet, "postgres": settings.export.postgres.url}
    urls |= {"redis": settings.export.redis.url, "qdrant": settings.export.qdrant.url}
    return (*(name for name in TARGETS if urls[name]), *settings.export.plugins)


def export(
    settings: Settings,
    lake: Lake,
    ds: dt.date,
    targets: Sequence[str],
    passwords: Mapping[str, str],
    progress: RowsDone = silent,
) -> Report:
    """Copies the published lists of ``ds``, and its vectors if the settings ask for them.

    Args:
        targets: names of :data:`TARGETS` or of plug-ins.
        passwords: target -> password, from the environment of the process; settings never hold one.

    Raises:
        ScoringError: nothing was published for the date.
        ExportError: a target has no URL in the settings.
    """
    for target in targets:
        if target not in configured(settings):
            raise ExportError(f"{target}: no store is configured", do=_setting(target))
    night = read_night(lake, ds)
    if not settings.export.vectors:  # an earlier run may have stored some
        night = night.only_lists()
    done: list[Exported] = []
    failed: dict[str, CausalrecError] = {}
    for target in targets:
        try:
            own = _writers(settings, night, passwords, progress).get(target)
            done += own() if own else export_plugin(target, night, settings, progress)
        except CausalrecError as error:
            failed[target] = error
    return Report(night, tuple(done), failed)


def _setting(target: str) -> str:
    if target in TARGETS:
        return f"set CAUSALREC__EXPORT__{target.upper()}__URL"
    return f"add it to export.plugins; the stores of this package are {', '.join(TARGETS)}"


def _writers(
    settings: Settings, night: Night, passwords: Mapping[str, str], progress: RowsDone
) -> dict[str, Callable[[], tuple[Exported, ...]]]:
    chosen, rows = settings.export, BATCH_ROWS
    root = settings.location(chosen.parquet)
    return {
        "parquet": lambda: to_parquet(night, root, rows, progress),
        "postgres": lambda: to_postgres(night, chosen.postgres, passwords.get("postgres"), rows, progress),
        "redis": lambda: to_redis(night, chosen.redis, settings.shop, passwords.get("redis"), rows, progress),
        "qdrant": lambda: to_qdrant(night, chosen.qdrant, settings.shop, passwords.get("qdrant"), progress),
    }
