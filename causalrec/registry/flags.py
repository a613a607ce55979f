"""Flags on versions that were trained on data erased since."""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from causalrec.config import Settings
from causalrec.errors import PinError
from causalrec.lake import Lake
from causalrec.registry.kept import ERASED, PINS
from causalrec.registry.store import connect, guarded, store_exists

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion as Stored


def flag(settings: Settings, numbers: Iterable[str]) -> None:
    """Adds one erasure to the count of each version."""
    wanted = set(numbers)
    for client, version in _versions(settings):
        if str(version.version) in wanted:
            _count_up(client, version)


def flag_broken(settings: Settings, lake: Lake) -> tuple[str, ...]:
    """Flags versions without a flag whose pinned tables lost files; their numbers."""
    found = []
    for client, version in _versions(settings):
        if ERASED not in version.tags and _broken(client, lake, version):
            _count_up(client, version)
            found.append(str(version.version))
    return tuple(sorted(found, key=int))


def _versions(settings: Settings) -> "list[tuple[MlflowClient, Stored]]":
    if not store_exists(settings):
        return []
    with guarded(settings):
        client = connect(settings)
        found = client.search_model_versions(f"name='{settings.registry.model_name}'")
        return [(client, version) for version in found]


def _count_up(client: "MlflowClient", version: "Stored") -> None:
    count = int(version.tags.get(ERASED, "0")) + 1
    client.set_model_version_tag(version.name, version.version, ERASED, str(count))


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
