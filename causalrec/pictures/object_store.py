"""Reads one object of a store (S3, GCS, Azure) through fsspec, with the same limits as for the web."""

from typing import Any

import fsspec
from fsspec.asyn import AsyncFileSystem

from causalrec.config.fetch import FetchSettings
from causalrec.errors import CausalrecError
from causalrec.pictures.fetch import bounded, too_large, unreachable

MISSING = (FileNotFoundError, IsADirectoryError, NotADirectoryError)


def read_object(root: str, relative: str, max_bytes: int, how: FetchSettings) -> bytes:
    """The bytes of ``relative`` under ``root``. Its size is queried first, so that nothing large is loaded.

    Raises:
        ResourceTooLarge: more than ``max_bytes`` bytes.
        ResourceUnreachable: the store does not respond in time, or refuses access.
        FileNotFoundError: there is no such object.
    """
    filesystem, base = fsspec.core.url_to_fs(root, **_options(root, how))
    path, name = f"{base.rstrip('/')}/{relative}", f"{root.rstrip('/')}/{relative}"
    try:
        if isinstance(filesystem, AsyncFileSystem):
            return bounded(lambda: _read(filesystem, path, name, max_bytes), name, how)
        _check(filesystem.info(path), name, max_bytes)
        return bytes(filesystem.cat_file(path))
    except (CausalrecError, *MISSING):
        raise
    except Exception as error:  # each store's client has a family of errors of its own
        raise unreachable(name, f"cannot be read: {type(error).__name__}: {error}"[:300]) from error


async def _read(filesystem: AsyncFileSystem, path: str, name: str, max_bytes: int) -> bytes:
    _check(await filesystem._info(path), name, max_bytes)
    return bytes(await filesystem._cat_file(path))


def _check(info: dict[str, Any], name: str, max_bytes: int) -> None:
    if info["type"] != "file":
        raise FileNotFoundError(f"{name} is not an object")
    if info["size"] > max_bytes:
        raise too_large(name, max_bytes)


def _options(root: str, how: FetchSettings) -> dict[str, Any]:
    """Limits for a store's client; S3's client retries by itself."""
    if not root.lower().startswith(("s3://", "s3a://")):
        return {}
    client = {
        "connect_timeout": how.connect_seconds, "read_timeout": how.idle_seconds,
        "retries": {"max_attempts": how.tries, "mode": "standard"}, "max_pool_connections": how.per_host,
    }  # fmt: skip
    return {"config_kwargs": client, "use_listings_cache": False}
