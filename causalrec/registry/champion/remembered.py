"""Caches the champion's number while neither MLflow's store nor ``promotions`` changes.

Asking MLflow means importing it, which takes longer than everything else that a stage does to find out that
it is up to date. Only a SQLite file reveals cheaply whether it has changed; other stores are always asked.
"""

import json
import os
from contextlib import suppress
from pathlib import Path

from causalrec.config import Settings
from causalrec.lake import Lake
from causalrec.registry.store import SQLITE

HEADER_BYTES = 100  # of a SQLite file; they hold a counter that every transaction raises
BESIDE = ("", "-wal", "-journal")


def remembered(settings: Settings, lake: Lake) -> str | None:
    """The number passed to :func:`remember` in this state; None if there is none."""
    try:
        known = json.loads(_file(settings).read_text(encoding="utf-8"))
        number, state = known["champion"], known["state"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return number if isinstance(number, str) and state == state_of(settings, lake) else None


def remember(settings: Settings, number: str, state: str | None) -> None:
    """Stores the champion of ``state``; if the folder is not writable, the next process just takes longer."""
    if state is None:
        return
    file = _file(settings)
    draft = file.with_suffix(f".{os.getpid()}")
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(json.dumps({"champion": number, "state": state}), encoding="utf-8")
        draft.replace(file)


def state_of(settings: Settings, lake: Lake) -> str | None:
    """A fingerprint of the store and of ``promotions``; None if the store is not a SQLite file."""
    uri = settings.tracking_uri
    file = Path(uri.removeprefix(SQLITE))
    if not uri.startswith(SQLITE) or not file.is_file():
        return None
    with file.open("rb") as stream:
        header = stream.read(HEADER_BYTES).hex()
    facts = [found.stat() for end in BESIDE if (found := Path(f"{file}{end}")).is_file()]
    snapshot = lake.table("promotions").snapshot()
    parts = (
        uri,
        settings.registry.model_name,
        header,
        *((one.st_ino, one.st_size, one.st_mtime_ns) for one in facts),
        None if snapshot is None else snapshot.version,
    )
    return json.dumps(parts)


def _file(settings: Settings) -> Path:
    return settings.paths.work / "cache" / "champion.json"
