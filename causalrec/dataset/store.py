"""The folder of a dataset's arrays: written under a temporary name, hashed, then renamed.

``<bundle root>/<dataset id>/`` holds train, valid, test and seen (2, n), train_weights and train_times
(n_train,), one array per modality, random_exposure (3, n), chosen_elsewhere (2, n), users.parquet,
items.parquet, manifest.json, and where looks were logged looks.parquet and strata.parquet. The id is a hash
of the files, so equal content has the same name and a folder never changes after its rename.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from causalrec.errors import DatasetError

MANIFEST = "manifest.json"
ID_LENGTH = 16
REBUILD = "run build_dataset for this date again with --force"


def write_bundle(
    root: Path, arrays: Mapping[str, Any], tables: Mapping[str, pa.Table], facts: Mapping[str, Any]
) -> str:
    """Writes the folder and returns its id; an intact folder of the same content is kept as it is.

    ``facts`` go into the manifest next to the hashes; they do not affect the id.
    """
    root.mkdir(parents=True, exist_ok=True)
    draft = root / f".draft-{os.getpid()}"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    try:
        for name, array in arrays.items():
            np.save(draft / f"{name}.npy", array, allow_pickle=False)
        for name, table in tables.items():
            pq.write_table(table, draft / f"{name}.parquet")
        return _settle(root, draft, facts)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _settle(root: Path, draft: Path, facts: Mapping[str, Any]) -> str:
    hashes = {file.name: file_hash(file) for file in sorted(draft.iterdir())}
    dataset_id = hashlib.sha256(json.dumps(hashes, sort_keys=True).encode()).hexdigest()[:ID_LENGTH]
    manifest = {"dataset_id": dataset_id, "files": hashes, **facts}
    (draft / MANIFEST).write_text(json.dumps(manifest, indent=2, sort_keys=True), encoding="utf-8")
    final = root / dataset_id
    if final.exists():
        try:
            verify_bundle(final)
            return dataset_id
        except DatasetError:
            shutil.rmtree(final)
    draft.rename(final)
    return dataset_id


def bundle_is_there(folder: Path) -> bool:
    """Whether every file that the manifest names exists; contents are not compared."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return all((folder / name).is_file() for name in manifest["files"])


def verify_bundle(folder: Path) -> dict[str, Any]:
    """The manifest of ``folder``, once every file has been checked against its hash.

    Raises:
        DatasetError: the folder, the manifest or a file is gone or was changed.
    """
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DatasetError(f"no readable dataset at {folder}", do=REBUILD) from error
    for name, expected in manifest["files"].items():
        file = folder / name
        if not file.is_file():
            raise DatasetError(f"dataset {folder.name}: file {name} is missing", do=REBUILD)
        if file_hash(file) != expected:
            raise DatasetError(f"dataset {folder.name}: {name} differs from its hash", do=REBUILD)
    return manifest


def file_hash(file: Path) -> str:
    """sha256 (hex) of a file."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
