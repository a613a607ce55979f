"""Resolves references from deliveries to bytes, inside an allow-list of roots and nowhere else.

A reference comes from outside, so it is judged as text before any file system or server sees it (see
:mod:`causalrec.pictures.reference`). What remains is joined to an allowed root; on a local disk the real path
(after symbolic links) must lie inside the root too, and behind http(s) the target of every redirect.
"""

import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from urllib.parse import quote, urlsplit

import fsspec

from causalrec.config.fetch import FetchSettings
from causalrec.errors import ResourceRefused, SettingsError
from causalrec.pictures.fetch import ResourceTooLarge, fetch, too_large
from causalrec.pictures.object_store import MISSING, read_object
from causalrec.pictures.reference import below, refuse_bad_text, refused, relative_path, scheme_of

OBJECT_STORES = ("s3", "s3a", "gs", "gcs", "abfs", "abfss", "memory")
WEB = ("http", "https")
INSTALL = {"s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "abfs": "adlfs", "abfss": "adlfs"}

__all__ = ["Resolver", "ResourceTooLarge"]


@dataclass(frozen=True)
class Resolver:
    """Reads references under ``roots``, tried in order.

    Attributes:
        roots: absolute local folders, object-store URIs, or http(s) addresses of folders.
        limits: for reads over a network.
    """

    roots: tuple[str, ...]
    limits: FetchSettings = field(default_factory=FetchSettings)

    def __post_init__(self) -> None:
        for root in self.roots:
            _check_root(root)

    def read(self, reference: str, max_bytes: int) -> bytes:
        """The bytes behind ``reference``.

        Raises:
            ResourceRefused: the reference points, or may point, outside the roots.
            ResourceTooLarge: more than ``max_bytes`` bytes.
            ResourceUnreachable: a server or store does not return them now, or not in time.
            FileNotFoundError: allowed, but there is no such file under any root.
        """
        for root, relative in self.locations(reference):
            try:
                return self._read(root, relative, max_bytes)
            except MISSING:
                continue
        raise FileNotFoundError(f"{reference} is not under any of the {len(self.roots)} allowed roots")

    def locations(self, reference: str) -> list[tuple[str, str]]:
        """(root, path relative to it) pairs that ``reference`` may mean, in order of preference."""
        scheme = scheme_of(reference)
        refuse_bad_text(reference, escapes=scheme in WEB)
        if scheme:
            return [self._inside_root(reference)]
        if ":" in reference or reference.startswith("~"):
            raise refused(reference, "has a protocol, a drive or a home folder")
        if reference.startswith("/"):
            raise refused(reference, "is an absolute path")
        relative = relative_path(reference, reference)
        return [(root, quote(relative) if scheme_of(root) in WEB else relative) for root in self.roots]

    def _inside_root(self, reference: str) -> tuple[str, str]:
        """The root that a reference with a scheme lies under."""
        for root in self.roots:
            scheme = scheme_of(root)
            rest = below(root, reference) if scheme else None
            if rest is None:
                continue
            path, mark, query = rest.partition("?") if scheme in WEB else (rest, "", "")
            return root, relative_path(path, reference) + mark + query
        raise refused(reference, "is not under an allowed root")

    def _read(self, root: str, relative: str, max_bytes: int) -> bytes:
        scheme = scheme_of(root)
        if scheme in WEB:
            address = f"{root.rstrip('/')}/{relative}"
            return fetch(address, max_bytes, self.limits, self.locations)
        if scheme:
            return read_object(root, relative, max_bytes, self.limits)
        with _open_local(Path(root), relative) as stream:
            data = stream.read(max_bytes + 1)
        if len(data) > max_bytes:
            raise too_large(relative, max_bytes)
        return data


def _check_root(root: str) -> None:
    scheme = scheme_of(root)
    if not scheme:
        if not Path(root).is_absolute():
            raise SettingsError(f"root {root} is not absolute", do="give an absolute folder")
        return
    if scheme not in (*OBJECT_STORES, *WEB):
        raise SettingsError(
            f"root {root}: scheme {scheme} is not supported",
            do=f"use an absolute folder or one of {', '.join((*WEB, *OBJECT_STORES))}",
        )
    if scheme in WEB:
        if not _is_plain_address(root):
            raise SettingsError(
                f"root {root!r} is not the plain address of a folder",
                do="give https://HOST/FOLDER, no password",
            )
        return
    try:
        fsspec.get_filesystem_class(scheme)
    except ImportError as error:
        raise SettingsError(
            f"root {root} needs the package {INSTALL[scheme]}",
            do=f"install {INSTALL[scheme]} on the driver and the workers",
        ) from error


def _is_plain_address(root: str) -> bool:
    try:
        refuse_bad_text(root, escapes=True)
        relative_path(f"{root}/x", root)
    except ResourceRefused:
        return False
    found = below(root, f"{root.rstrip('/')}/x") == "x"
    return found and bool(urlsplit(root).hostname) and not {"?", "#"} & set(root)


def _open_local(root: Path, relative: str) -> IO[bytes]:
    try:
        real = (root / relative).resolve(strict=True)
        outside = not real.is_relative_to(root.resolve(strict=True))
        regular = stat.S_ISREG(real.stat().st_mode)
    except (RuntimeError, OSError) as error:
        if isinstance(error, FileNotFoundError | NotADirectoryError):
            raise
        raise refused(relative, f"cannot be resolved ({type(error).__name__})") from error
    if outside:
        raise refused(relative, "is a symbolic link that leaves the root")
    if not regular:
        raise FileNotFoundError(f"{relative} is not a regular file")
    stream: IO[bytes] = fsspec.filesystem("file").open(str(real), "rb")
    return stream
