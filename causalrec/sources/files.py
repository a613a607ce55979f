"""Whole files or none: bytes go to a temporary name first and get their real name by a rename."""

import posixpath
from pathlib import Path

import fsspec
from fsspec.implementations.local import LocalFileSystem


def located(path: str) -> tuple[fsspec.AbstractFileSystem, str]:
    """File system of a path or URI, and what it calls it.

    A local path is taken as it stands: for fsspec, ``::`` in it would chain protocols.
    """
    if "://" in path:
        return fsspec.core.url_to_fs(path)  # type: ignore[no-any-return]
    return LocalFileSystem(), str(Path(path).absolute())


def put(path: str, content: bytes) -> bool:
    """Write ``content`` to a path or URI; a file that holds these very bytes is left alone.

    Returns:
        True where something was written.
    """
    files, name = located(path)
    if files.exists(name) and files.size(name) == len(content) and files.cat_file(name) == content:
        return False
    folder, base = posixpath.split(name)
    files.makedirs(folder, exist_ok=True)
    temporary = posixpath.join(folder, f".{base}.tmp")
    files.pipe_file(temporary, content)
    files.mv(temporary, name)
    return True


def get(path: str) -> bytes | None:
    """Content of a path or URI; None where there is no such file."""
    files, name = located(path)
    return bytes(files.cat_file(name)) if files.exists(name) else None
