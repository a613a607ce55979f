"""Copies of whole folders between an object store and this machine."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from causalrec.store.location import Location

TRANSFERS = 8  # files on their way at a time


def download(place: Location, folder: Path) -> list[str]:
    """Copy everything below ``place`` into ``folder``; returns the files, relative to it.

    Raises:
        StoreError: the store does not respond.
    """
    with place.answering():
        names = place.files()
        for parent in {(folder / name).parent for name in names}:
            parent.mkdir(parents=True, exist_ok=True)
        _each(names, lambda name: _copy(place, name, folder / name, down=True))
    return names


def upload(folder: Path, place: Location, names: Iterable[str]) -> None:
    """Copy ``names`` of ``folder`` to ``place``; every file is replaced in one step.

    Raises:
        StoreError: the store does not respond.
    """
    named = list(names)
    with place.answering():
        for parent in {name.rpartition("/")[0] for name in named}:
            place.make_folder(parent)
        _each(named, lambda name: _copy(place, name, folder / name, down=False))


def _each(names: Iterable[str], copy: Callable[[str], None]) -> None:
    with ThreadPoolExecutor(TRANSFERS) as pool:
        for _ in pool.map(copy, names):  # an error of any of them is raised here
            pass


def _copy(place: Location, name: str, file: Path, *, down: bool) -> None:
    from pyarrow import fs

    here, there = fs.LocalFileSystem(), place.filesystem
    if down:
        fs.copy_files(place.path(name), str(file), source_filesystem=there, destination_filesystem=here)
    else:
        fs.copy_files(str(file), place.path(name), source_filesystem=here, destination_filesystem=there)
