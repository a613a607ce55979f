"""Whole files or none: bytes go to a temporary name first and get their real name by a rename."""

import posixpath

import fsspec


def put(path: str, content: bytes) -> bool:
    """Write ``content`` to a path or URI; a file that holds these very bytes is left alone.

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
    """Content of a path or URI; None where there is no such file."""
    files, name = fsspec.core.url_to_fs(path)
    return bytes(files.cat_file(name)) if files.exists(name) else None
