"""Bundles in the store, with copies on this machine that are checked by content.

Where the store is a folder, bundles are read where they lie. From an object store a machine copies a bundle
once, on first use; copies of bundles that the store no longer has are deleted then.
"""

import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from causalrec.config import Settings
from causalrec.dataset.store import MANIFEST, REBUILD, bundle_is_there, write_bundle
from causalrec.errors import DatasetError
from causalrec.store import download, upload

DRAFT = ".draft-"
COPIES = 3  # bundles of an object store that a machine keeps


def keep_bundle(
    settings: Settings, arrays: Mapping[str, Any], tables: Mapping[str, pa.Table], facts: Mapping[str, Any]
) -> str:
    """Write a bundle where every machine finds it; returns its id.

    The manifest is uploaded last: without one there is no bundle. That of an earlier build of the same
    content stays.

    Raises:
        StoreError: the store does not respond.
    """
    store = settings.bundle_store
    if store.local:
        return write_bundle(settings.bundle_root, arrays, tables, facts)
    settings.bundle_root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=DRAFT, dir=settings.bundle_root) as draft:
        dataset_id = write_bundle(Path(draft), arrays, tables, facts)
        made = Path(draft) / dataset_id
        files = json.loads((made / MANIFEST).read_text(encoding="utf-8"))["files"]
        upload(made, store.child(dataset_id), files)
        if store.read(f"{dataset_id}/{MANIFEST}") is None:
            upload(made, store.child(dataset_id), [MANIFEST])
    return dataset_id


def stored_bundle(settings: Settings, dataset_id: str) -> Path:
    """The folder on this machine that holds a bundle of the store; hashes are not compared.

    Raises:
        DatasetError: the store has no such bundle. StoreError: the store does not respond.
    """
    store, folder = settings.bundle_store, settings.bundle_root / dataset_id
    if store.local:
        return folder
    manifest = store.read(f"{dataset_id}/{MANIFEST}")
    _drop_copies(settings, dataset_id)
    if manifest is None:
        raise DatasetError(f"no dataset at {store.address(dataset_id)}", do=REBUILD)
    if bundle_is_there(folder) and (folder / MANIFEST).read_bytes() == manifest:
        return folder
    drop_copy(settings, dataset_id)
    settings.bundle_root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=DRAFT, dir=settings.bundle_root) as draft:
        download(store.child(dataset_id), Path(draft) / dataset_id)
        (Path(draft) / dataset_id).rename(folder)
    return folder


def drop_copy(settings: Settings, dataset_id: str) -> None:
    """Delete this machine's copy of a bundle, if the store is no folder."""
    if not settings.bundle_store.local:
        shutil.rmtree(settings.bundle_root / dataset_id, ignore_errors=True)


def is_stored(settings: Settings, dataset_id: str) -> bool:
    """Whether the store has every file that the manifest names; contents are not compared."""
    store = settings.bundle_store
    if store.local:
        return bundle_is_there(settings.bundle_root / dataset_id)
    manifest = store.read(f"{dataset_id}/{MANIFEST}")
    if manifest is None:
        return False
    try:
        return set(json.loads(manifest)["files"]) <= set(store.listing(dataset_id))
    except ValueError:
        return False


def _drop_copies(settings: Settings, wanted: str) -> None:
    """Delete other copies that the store no longer has, as after an erasure elsewhere, and the oldest."""
    if not settings.bundle_root.is_dir():
        return
    found = [copy for copy in settings.bundle_root.iterdir() if not copy.name.startswith((DRAFT, wanted))]
    gone = set(settings.bundle_store.missing([f"{copy.name}/{MANIFEST}" for copy in found]))
    newest = sorted(found, key=lambda copy: copy.stat().st_mtime, reverse=True)
    for place, copy in enumerate(newest, start=1):
        if place >= COPIES or f"{copy.name}/{MANIFEST}" in gone:
            shutil.rmtree(copy, ignore_errors=True)
