"""The native landing layout: ``<root>/<kind>/arrival_date=YYYY-MM-DD/<files>``.

Functions take a local path or any fsspec URI. Names that start with ``.`` or ``_`` are ignored: writers use
them for files that are not complete yet.
"""

import datetime as dt
import hashlib
import json
import posixpath
from typing import Any, Literal

import fsspec

Kind = Literal["events", "products"]

PARTITION = "arrival_date="
SUFFIXES = (".jsonl", ".jsonl.gz", ".json.gz", ".parquet", ".csv", ".csv.gz")


def delivery_folder(root: str, kind: Kind, ds: dt.date) -> str:
    """Folder of one delivery under ``root`` (a path or URI)."""
    return posixpath.join(root, kind, f"{PARTITION}{ds.isoformat()}")


def arrival_dates(root: str, kind: Kind) -> list[dt.date]:
    """Dates with a delivery folder, ascending; empty where nothing has arrived."""
    files, path = fsspec.core.url_to_fs(posixpath.join(root, kind))
    if not files.isdir(path):
        return []
    files.invalidate_cache(path)
    names = [posixpath.basename(entry.rstrip("/")) for entry in files.ls(path, detail=False)]
    dates = (_date(name) for name in names)
    return sorted(date for date in dates if date is not None)


def delivery_files(root: str, kind: Kind, ds: dt.date) -> list[str]:
    """Data files of one delivery, sorted by name: absolute paths, or URIs where ``root`` is one."""
    files, path = fsspec.core.url_to_fs(delivery_folder(root, kind, ds))
    found = sorted(entry["name"] for entry in _entries(files, path))
    remote = "://" in root
    return [str(files.unstrip_protocol(name)) if remote else name for name in found]


def delivery_fingerprint(root: str, kind: Kind, ds: dt.date) -> str:
    """Hash of the sorted (name, size, mtime in ns) of a delivery's files; '' where there is none.

    Object stores without a modification time are told apart by their ETag.
    """
    files, path = fsspec.core.url_to_fs(delivery_folder(root, kind, ds))
    stamps = sorted(_stamp(entry) for entry in _entries(files, path))
    return hashlib.sha256(json.dumps(stamps).encode()).hexdigest() if stamps else ""


def _date(name: str) -> dt.date | None:
    if not name.startswith(PARTITION):
        return None
    try:
        return dt.date.fromisoformat(name.removeprefix(PARTITION))
    except ValueError:
        return None


def _entries(files: fsspec.AbstractFileSystem, path: str) -> list[dict[str, Any]]:
    if not files.isdir(path):
        return []
    files.invalidate_cache(path)
    return [entry for entry in files.ls(path, detail=True) if _is_data(entry)]


def _is_data(entry: dict[str, Any]) -> bool:
    name = posixpath.basename(entry["name"])
    return entry["type"] == "file" and name.endswith(SUFFIXES) and not name.startswith((".", "_"))


def _stamp(entry: dict[str, Any]) -> tuple[str, int, int, str]:
    modified = entry.get("mtime") or entry.get("LastModified") or entry.get("created") or 0
    seconds = modified.timestamp() if isinstance(modified, dt.datetime) else float(modified)
    name = posixpath.basename(entry["name"])
    return name, int(entry["size"]), round(seconds * 1e9), str(entry.get("ETag", ""))
