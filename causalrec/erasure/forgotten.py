"""Deletes model versions that contain what was erased, once another version serves."""

from typing import get_args

from causalrec.config import Settings
from causalrec.erasure.experiments import delete_model, packages
from causalrec.registry.kept import ERASED
from causalrec.registry.store import connect, guarded
from causalrec.registry.versions import Alias, version_of


def delete_flagged(settings: Settings) -> tuple[str, ...]:
    """Deletes flagged versions with their files, except those that an alias names; returns their numbers.

    If killed at any point, the next call finishes the work: a version goes before its files, and the next
        erasure finds files without a version.
    """
    kept = {version_of(settings, alias) for alias in get_args(Alias)}
    name = settings.registry.model_name
    with guarded(settings):
        client = connect(settings)
        found = client.search_model_versions(f"name='{name}'")
        flagged = {str(one.version) for one in found if ERASED in one.tags} - kept
        deleted = []
        for version, model in packages(settings, lambda folder: True):
            if version in flagged:
                client.delete_model_version(name, version)
                delete_model(client, model)
                deleted.append(version)
    return tuple(sorted(deleted, key=int))
