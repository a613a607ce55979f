"""Whole files or none: bytes are written under a temporary name and then renamed."""

import posixpath

import fsspec


def put(path: str, content: bytes) -> bool:
    """Write ``content`` to a path or URI; a file that already has this content is left alone.

    Returns:
        True where something was written.
    """
    files, name = fsspec.core.url_to_fs(path)
    if files.exists(name) and files.size(name) == len(content) and files.cat_file(name) == content:
        return False
    folder, base = posixpath.split(name)
    files.makedirs(folder, exist_ok=True)
    temporary = posixpath.join(folder, f".{base}.tmp")
    files.pipe_file(temporary, content)
    files.mv(temporary, name)
    return True


def get(path: str) -> bytes | None:
    """Content of a path or URI; None if there is no such file."""
    files, name = fsspec.core.url_to_fs(path)
    return bytes(files.cat_file(name)) if files.exists(name) else None
