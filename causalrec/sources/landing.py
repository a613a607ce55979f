"""The native landing layout: ``<root>/<kind>/arrival_date=YYYY-MM-DD/<files>``, sub-folders included.

Functions take a local path or any fsspec URI. Names that start with ``.`` or ``_`` are ignored: writers use
them for incomplete files. Other files that are not data files are not ignored but reported.
"""

import datetime as dt
import hashlib
import json
import os
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import fsspec

from causalrec.errors import SourceError
from causalrec.sources.files import located

Kind = Literal["events", "products"]

PARTITION = "arrival_date="
ENDINGS: Mapping[str, str] = {
    "gz": "gzip", "gzip": "gzip", "bz2": "bzip2", "xz": "xz", "zst": "zstd", "zstd": "zstd", "lz4": "lz4",
    "zip": "zip",
}  # fmt: skip
"""Compressions that are read, by the end of a file's name."""
_PACKED = rf"\.({'|'.join(ENDINGS)})"
DATA = re.compile(
    rf"\.(jsonl|ndjson|json|csv|tsv|tab|txt|parquet|pq)({_PACKED})?$"
    rf"|^part-[^.]*(\.c\d{{3}})?({_PACKED})?$|{_PACKED}$",
    re.IGNORECASE,
)
DATED = re.compile(r"\d{4}\D?\d{1,2}\D?\d{1,2}")
SILENT = re.compile(
    r"^(_success|_committed_.*|_started_.*|_metadata|_common_metadata|\.ds_store|\..*\.crc|_landed\.json)$",
    re.IGNORECASE,
)
MAX_ENTRIES = 200_000
FOREIGN = {
    ".xlsx": "an Excel workbook: save its sheet as CSV UTF-8",
    ".xls": "an Excel workbook: save its sheet as CSV UTF-8",
    ".ods": "a spreadsheet: save its sheet as CSV UTF-8",
    ".xml": "XML: export CSV or JSON lines",
    ".sql": "a dump of a database: export the table as CSV",
    ".orc": "an ORC file: export Parquet",
    ".avro": "an Avro file: export Parquet or JSON lines",
    ".7z": "a 7-Zip archive: deliver gzip or zstd",
    ".rar": "a RAR archive: deliver gzip or zstd",
    ".tar": "a tar archive: unpack it into the delivery's folder",
    ".br": "compressed with Brotli: deliver gzip or zstd",
    ".lzma": "compressed with LZMA: deliver xz, gzip or zstd",
}
"""Files of kinds that are not read, by the end of their name: what each is, and what to deliver instead."""


@dataclass(frozen=True)
class LandingEntry:
    """One entry of a delivery's folder.

    Attributes:
        path: absolute, or a URI if the root is one.
        name: relative to the delivery's folder.
        size: bytes.
        unread: why it is not read; '' for a data file.
        hidden: whether its name marks it as unfinished, which does not stop a delivery.
        stamp: modification time in ns, and the ETag of object stores.
    """

    path: str
    name: str
    size: int
    unread: str
    hidden: bool
    stamp: tuple[int, str]


def delivery_folder(root: str, kind: Kind, ds: dt.date) -> str:
    """Folder of one delivery under ``root`` (a path or URI)."""
    return posixpath.join(root, kind, f"{PARTITION}{ds.isoformat()}")


def arrival_dates(root: str, kind: Kind) -> list[dt.date]:
    """Dates with a delivery folder, ascending; empty if nothing has arrived."""
    return sorted(date for date in map(_date, _names(root, kind)) if date is not None)


def strangers(root: str, kind: Kind) -> list[str]:
    """Names next to the delivery folders that are not deliveries, sorted: nothing reads them."""
    return sorted(name for name in _names(root, kind) if _date(name) is None and name[:1] not in "._")


def misnamed(root: str, kind: Kind) -> list[str]:
    """Those of the :func:`strangers` whose name holds a date: probably deliveries under a wrong name."""
    return [name for name in strangers(root, kind) if name.startswith(PARTITION) or DATED.search(name)]


def delivery_entries(root: str, kind: Kind, ds: dt.date) -> list[LandingEntry]:
    """Everything in a delivery's folder and below it, sorted by name.

    Raises:
        SourceError: there are more entries than are listed.
    """
    folder = delivery_folder(root, kind, ds)
    files, path = located(folder)
    if not files.isdir(path):
        return []
    files.invalidate_cache(path)
    found: list[LandingEntry] = []
    waiting = [path]
    while waiting:
        if len(found) > MAX_ENTRIES:
            raise SourceError(
                f"{folder} has more than {MAX_ENTRIES:,} entries", do="deliver fewer and larger files"
            )
        for entry in files.ls(waiting.pop(), detail=True):
            name = posixpath.relpath(entry["name"].rstrip("/"), path)
            if name == ".":
                continue
            hidden = any(part.startswith((".", "_")) for part in name.split("/"))
            if _is_folder(entry) and not hidden:
                waiting.append(entry["name"])
            elif not SILENT.match(posixpath.basename(name)):
                found.append(_entry(files, entry, name, hidden=hidden, remote="://" in root))
    return sorted(found, key=lambda one: one.name)


def delivery_files(root: str, kind: Kind, ds: dt.date) -> list[str]:
    """Data files of one delivery, sorted by name: absolute paths, or URIs if ``root`` is one."""
    return [one.path for one in delivery_entries(root, kind, ds) if not one.unread]


def delivery_fingerprint(root: str, kind: Kind, ds: dt.date) -> str:
    """Hash of the sorted (name, size, mtime in ns, ETag) of a delivery's entries; '' where there is none."""
    stamps = [(one.name, one.size, *one.stamp) for one in delivery_entries(root, kind, ds) if not one.hidden]
    return hashlib.sha256(json.dumps(stamps).encode()).hexdigest() if stamps else ""


def _names(root: str, kind: Kind) -> list[str]:
    files, path = located(posixpath.join(root, kind))
    if not files.isdir(path):
        return []
    files.invalidate_cache(path)
    return [_shown(posixpath.basename(entry.rstrip("/"))) for entry in files.ls(path, detail=False)]


def _date(name: str) -> dt.date | None:
    text = name.removeprefix(PARTITION)
    try:
        date = dt.date.fromisoformat(text)
    except ValueError:
        return None
    return date if name == f"{PARTITION}{date.isoformat()}" else None


def _is_folder(entry: dict[str, Any]) -> bool:
    return entry["type"] == "directory" and not entry.get("islink")


def _entry(
    files: fsspec.AbstractFileSystem, entry: dict[str, Any], name: str, hidden: bool, remote: bool
) -> LandingEntry:
    path = entry["name"]
    shown = _shown(name)
    modified = entry.get("mtime") or entry.get("LastModified") or entry.get("created") or 0
    seconds = modified.timestamp() if isinstance(modified, dt.datetime) else float(modified)
    return LandingEntry(
        path=str(files.unstrip_protocol(path)) if remote else path,
        name=shown,
        size=int(entry.get("size") or 0),
        unread=_unnamed(name, shown, remote=remote)
        or ("its name says that it is incomplete" if hidden else _unread(files, entry, name)),
        hidden=hidden,
        stamp=(round(seconds * 1e9), str(entry.get("ETag", ""))),
    )


def _shown(name: str) -> str:
    """The name as text, bytes that are not UTF-8 as escapes such as ``\\xfc``."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _unnamed(name: str, shown: str, *, remote: bool) -> str:
    """Why no path or URI can name the file; ''."""
    if name != shown:
        return "its name is not UTF-8"
    return "its name has '::', which chains protocols in a URI" if remote and "::" in name else ""


def _unread(files: fsspec.AbstractFileSystem, entry: dict[str, Any], name: str) -> str:
    if entry.get("islink"):
        if not files.exists(entry["name"]):
            return "a link to nowhere"
        if files.isdir(entry["name"]):
            return "a link to a folder"
    elif entry["type"] != "file":
        return f"no file ({entry['type']})"
    if DATA.search(posixpath.basename(name)):
        return ""
    return FOREIGN.get(posixpath.splitext(name)[1].lower(), "its name does not end like that of a data file")
