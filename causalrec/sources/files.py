"""Whole files or none: in folders, bytes are written under a temporary name and then renamed."""

import posixpath
from pathlib import Path

import fsspec
from fsspec.asyn import AsyncFileSystem
from fsspec.implementations.local import LocalFileSystem


def located(path: str) -> tuple[fsspec.AbstractFileSystem, str]:
    """File system of a path or URI, and what it calls it.

    A local path is taken as it stands: for fsspec, ``::`` in it would chain protocols.
    """
    if "://" in path:
        return fsspec.core.url_to_fs(path)  # type: ignore[no-any-return]
    return LocalFileSystem(), str(Path(path).absolute())


def put(path: str, content: bytes) -> bool:
    """Write ``content`` to a path or URI; a file that already has this content is left alone.

    Returns:
        True where something was written.
    """
    files, name = located(path)
    if files.exists(name) and files.size(name) == len(content) and files.cat_file(name) == content:
        return False
    if isinstance(files, AsyncFileSystem):  # an object store, which replaces a whole object at once
        files.pipe_file(name, content)
        return True
    folder, base = posixpath.split(name)
    files.makedirs(folder, exist_ok=True)
    temporary = posixpath.join(folder, f".{base}.tmp")
    files.pipe_file(temporary, content)
    files.mv(temporary, name)
    return True


def get(path: str) -> bytes | None:
    """Content of a path or URI; None if there is no such file."""
    files, name = located(path)
    return bytes(files.cat_file(name)) if files.exists(name) else None
