"""Resolves references from deliveries to bytes, inside an allow-list of roots and nowhere else.

A reference comes from outside, so it is judged as text before any file system sees it: no ``..``, no absolute
path, no ``file://``, no percent-encoding, no backslash, no control character, no chained protocol. What
remains is joined to an allowed root; on a local disk the real path (after symbolic links) must lie inside the
root too.
"""

import re
import stat
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

import fsspec

from causalrec.errors import ResourceRefused, SettingsError

MAX_REFERENCE_CHARS = 2_048
OBJECT_STORES = ("s3", "s3a", "gs", "gcs", "abfs", "abfss", "memory")

_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*)://")
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class ResourceTooLarge(ResourceRefused):
    """The bytes behind a reference exceed the cap; they were not read."""


@dataclass(frozen=True)
class Resolver:
    """Opens references under ``roots`` (absolute local folders or object-store URIs), tried in order."""

    roots: tuple[str, ...]

    def __post_init__(self) -> None:
        for root in self.roots:
            scheme = _SCHEME.match(root)
            if scheme and scheme[1] not in OBJECT_STORES:
                raise SettingsError(
                    f"root {root}: scheme {scheme[1]} is not supported",
                    do=f"use an absolute folder or one of {', '.join(OBJECT_STORES)}",
                )
            if not scheme and not Path(root).is_absolute():
                raise SettingsError(f"root {root} is not absolute", do="give an absolute folder")

    def read(self, reference: str, max_bytes: int) -> bytes:
        """The bytes behind ``reference``.

        Raises:
            ResourceRefused: the reference points, or may point, outside the roots.
            ResourceTooLarge: more than ``max_bytes`` bytes.
            FileNotFoundError: allowed, but there is no such file under any root.
        """
        for location in self.locations(reference):
            try:
                with _open(*location) as stream:
                    data = stream.read(max_bytes + 1)
            except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
                continue
            if len(data) > max_bytes:
                raise ResourceTooLarge(
                    f"{reference} has more than {max_bytes} bytes",
                    do="deliver a smaller file or raise the cap",
                )
            return data
        raise FileNotFoundError(f"{reference} is under none of the {len(self.roots)} allowed roots")

    def locations(self, reference: str) -> list[tuple[str, str]]:
        """(root, path relative to it) pairs that ``reference`` may mean, in order of preference."""
        _refuse_bad_text(reference)
        if _SCHEME.match(reference):
            return [self._inside_root(reference)]
        if ":" in reference or reference.startswith("~"):
            raise _refused(reference, "has a protocol, a drive or a home folder")
        if reference.startswith("/"):
            raise _refused(reference, "is an absolute path")
        return [(root, _relative(reference, reference)) for root in self.roots]

    def _inside_root(self, reference: str) -> tuple[str, str]:
        for root in self.roots:
            prefix = root.rstrip("/") + "/"
            if _SCHEME.match(root) and reference.startswith(prefix):
                return root, _relative(reference.removeprefix(prefix), reference)
        raise _refused(reference, "is under no allowed root")


def _refuse_bad_text(reference: str) -> None:
    if not reference or len(reference) > MAX_REFERENCE_CHARS:
        raise _refused(reference[:80], f"is empty or longer than {MAX_REFERENCE_CHARS} characters")
    if _CONTROL.search(reference) or not _encodable(reference):
        raise _refused(ascii(reference), "has control characters or invalid Unicode")
    if _PERCENT.search(reference) or "\\" in reference or "::" in reference:
        raise _refused(reference, "has percent-encoding, a backslash or a chained protocol")


def _encodable(reference: str) -> bool:
    try:
        reference.encode()
    except UnicodeEncodeError:
        return False
    return True


def _relative(path: str, reference: str) -> str:
    parts = PurePosixPath(path.lstrip("/")).parts
    if not parts or ".." in parts:
        raise _refused(reference, "names no file, or climbs out of the root")
    return "/".join(parts)


def _open(root: str, relative: str) -> IO[bytes]:
    if _SCHEME.match(root):
        filesystem, base = fsspec.core.url_to_fs(root)
        stream: IO[bytes] = filesystem.open(f"{base.rstrip('/')}/{relative}", "rb")
        return stream
    return _open_local(Path(root), relative)


def _open_local(root: Path, relative: str) -> IO[bytes]:
    try:
        real = (root / relative).resolve(strict=True)
        outside = not real.is_relative_to(root.resolve(strict=True))
        regular = stat.S_ISREG(real.stat().st_mode)
    except (RuntimeError, OSError) as error:
        if isinstance(error, FileNotFoundError | NotADirectoryError):
            raise
        raise _refused(relative, f"cannot be resolved ({type(error).__name__})") from error
    if outside:
        raise _refused(relative, "is a symbolic link out of the root")
    if not regular:
        raise FileNotFoundError(f"{relative} is not a regular file")
    stream: IO[bytes] = fsspec.filesystem("file").open(str(real), "rb")
    return stream


def _refused(reference: str, why: str) -> ResourceRefused:
    return ResourceRefused(f"reference {reference!r} {why}", do="deliver a path relative to an image root")
