"""A folder of a store for code that only knows folders."""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from causalrec.store.copies import download, upload
from causalrec.store.location import Location


@contextmanager
def checked_out(place: Location) -> Iterator[Path]:
    """The folder ``place`` on this machine, for the block. What the block changes is in the store afterwards.

    A folder is that folder itself. Of an object store it is a copy: files that the block made or changed are
    uploaded at the end, and files that it deleted are deleted, after an error in the block too. Nothing stays
    on this machine.

    Raises:
        StoreError: the store does not respond.
    """
    if place.local:
        yield Path(place.uri)
        return
    with tempfile.TemporaryDirectory(prefix="causalrec-") as scratch:
        folder = Path(scratch, "copy")  # so that a block may put something beside it
        folder.mkdir()
        download(place, folder)
        before = _digests(folder)
        try:
            yield folder
        finally:
            after = _digests(folder)
            upload(folder, place, [name for name in sorted(after) if before.get(name) != after[name]])
            with place.answering():
                place.delete(sorted(set(before) - set(after)))


def _digests(folder: Path) -> dict[str, str]:
    found = {}
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            with file.open("rb") as stream:
                found[file.relative_to(folder).as_posix()] = hashlib.file_digest(stream, "sha256").hexdigest()
    return found
