"""The right to erasure: one user out of all tables, their history, bundles and pages; models are flagged."""

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from causalrec.config import Settings
from causalrec.contracts import table_names
from causalrec.errors import LakeError, PinError
from causalrec.lake import Lake
from causalrec.lake.upkeep.erase import Erased, erase_rows
from causalrec.lake.upkeep.erasures import Erasures
from causalrec.registry.kept import ERASED, PINS
from causalrec.registry.store import connect, store_exists
from causalrec.registry.versions import DATASET

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion as Stored

PAGES = (".html", ".json", ".svg", ".md", ".csv")


@dataclass(frozen=True)
class Receipt:
    """What an erasure removed, or would remove. It never holds the user's id.

    Attributes:
        tables: table -> rows, old files and log entries.
        bundles: datasets whose arrays knew the user; their folders are gone.
        pages: files of reports that showed the user; gone.
        models: versions that were trained on the user; they carry a flag and should be trained anew.
    """

    tables: dict[str, Erased]
    bundles: tuple[str, ...]
    pages: tuple[str, ...]
    models: tuple[str, ...]

    @property
    def nothing(self) -> bool:
        """Whether there was nothing to do."""
        return not (self.tables or self.bundles or self.pages or self.models)

    def as_json(self) -> dict[str, Any]:
        """The receipt as it is stored."""
        return asdict(self)


def erase(
    settings: Settings, lake: Lake, user: str, *, really: bool, done: Callable[[str], None] = lambda _: None
) -> Receipt:
    """Erase ``user``; with ``really`` False only say what would go. ``done`` hears of every table.

    The request is recorded first, so that deliveries leave the user out from then on; killed at any
    point, the same call does the rest. The landing zone belongs to the shop and is not touched.

    Raises:
        LakeError: the id is empty.
        ConflictError: a partition was being written; run it again.
    """
    if not user:
        raise LakeError("no user id was given", do="give the id of the user to erase")
    erasures = Erasures(lake)
    bundles = _bundles(settings.bundle_root, user)
    held = {name: erase_rows(lake.table(name), user, really=False) for name in table_names()}
    found = Receipt(
        {name: erased for name, erased in held.items() if erased},
        tuple(folder.name for folder in bundles),
        tuple(str(page.relative_to(settings.report_root)) for page in _pages(settings.report_root, user)),
        tuple(str(version.version) for version in _models(settings, {folder.name for folder in bundles})),
    )
    if not really or (found.nothing and erasures.knows(user)):
        return found
    if not erasures.knows(user):
        erasures.record(user, "requested", {})
    flagged = _flag(settings, lake, found, lambda: _remove(settings, lake, user, found, bundles, done))
    receipt = Receipt(found.tables, found.bundles, found.pages, flagged)
    erasures.record(user, "done", receipt.as_json())
    return receipt


def _remove(
    settings: Settings,
    lake: Lake,
    user: str,
    found: Receipt,
    bundles: list[Path],
    done: Callable[[str], None],
) -> None:
    for name in found.tables:
        erase_rows(lake.table(name), user, really=True)
        done(name)
    for folder in bundles:
        shutil.rmtree(folder)
    for page in found.pages:
        (settings.report_root / page).unlink(missing_ok=True)


def _flag(settings: Settings, lake: Lake, found: Receipt, remove: Callable[[], None]) -> tuple[str, ...]:
    """Flag the known models, remove, then flag those whose pinned versions went with it as well."""
    if not store_exists(settings):
        remove()
        return ()
    client = connect(settings)
    named = {str(version.version): version for version in _versions(client, settings)}
    for number in found.models:
        _count_up(client, named[number])
    remove()
    broken = [
        version
        for number, version in named.items()
        if number not in found.models and ERASED not in version.tags and _broken(client, lake, version)
    ]
    for version in broken:
        _count_up(client, version)
    return tuple(sorted({*found.models, *(str(version.version) for version in broken)}, key=int))


def _count_up(client: "MlflowClient", version: "Stored") -> None:
    count = int(version.tags.get(ERASED, "0")) + 1
    client.set_model_version_tag(version.name, version.version, ERASED, str(count))


def _versions(client: "MlflowClient", settings: Settings) -> list["Stored"]:
    return list(client.search_model_versions(f"name='{settings.registry.model_name}'"))


def _models(settings: Settings, datasets: set[str]) -> list["Stored"]:
    """Versions that were trained on one of the datasets."""
    if not datasets or not store_exists(settings):
        return []
    found = _versions(connect(settings), settings)
    return sorted((v for v in found if v.tags.get(DATASET) in datasets), key=lambda v: int(v.version))


def _broken(client: "MlflowClient", lake: Lake, version: "Stored") -> bool:
    """Whether a table version that the model is pinned to has lost files."""
    pins = json.loads(client.get_run(version.run_id).data.tags.get(PINS, "{}"))
    for table, number in pins.items():
        try:
            kept = lake.table(table).snapshot(int(number))
            if kept is not None:
                kept.select(None)
        except PinError:
            return True
    return False


def _bundles(root: Path, user: str) -> list[Path]:
    """Folders of datasets whose id map has the user."""
    found = []
    for file in sorted(root.glob("*/users.parquet")):
        ids = pq.read_table(file, columns=["user_id"])["user_id"]
        if pc.any(pc.equal(ids, user)).as_py():
            found.append(file.parent)
    return found


def _pages(root: Path, user: str) -> list[Path]:
    """Files of reports in which the id stands as a word of its own."""
    pattern = re.compile(rf"(?<![\w-]){re.escape(user)}(?![\w-])")
    pages = sorted(file for file in root.rglob("*") if file.suffix in PAGES and file.is_file())
    return [file for file in pages if pattern.search(file.read_text(encoding="utf-8", errors="replace"))]
