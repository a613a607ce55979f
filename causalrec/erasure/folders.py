"""Folders: arrays of datasets, checkpoints, pages, logs."""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from causalrec.erasure.store import Found
from causalrec.lake.upkeep.subject import ERASED, Subject
from causalrec.store import Location

ID_FILES: Mapping[str, tuple[tuple[str, str], ...]] = MappingProxyType(
    {
        "user": (("users.parquet", "user_id"), ("hidden.parquet", "user_id")),
        "item": (("items.parquet", "item_id"), ("hidden.parquet", "item_id")),
    }
)
"""Kind -> files of a dataset or a package that hold its ids, and the column."""
ID_NAMES = tuple(dict.fromkeys(file for files in ID_FILES.values() for file, _ in files))

NO_TEXT = {".js", ".css", ".map", ".png", ".jpg", ".gif", ".ico", ".webp", ".woff", ".woff2", ".ttf", ".otf"}
"""Scripts, styles, fonts and pictures next to the pages: they hold no data, but many short words."""

SITE, SITE_DATA = "site", "data"
"""Folder of the site of a shop, and its folder of scripts that hold rows by id."""


def numbered(folder: Location, subject: Subject) -> bool:
    """Whether ``folder``, a dataset or a package, names users or items of the subject."""
    for kind, ids in subject.ids.items():
        for file, column in ID_FILES.get(kind, ()):
            if folder.missing([file]):
                continue
            held = pq.read_table(folder.path(file), columns=[column], filesystem=folder.filesystem)[column]
            if pc.any(pc.is_in(held, value_set=pa.array(ids, held.type))).as_py():
                return True
    return False


@dataclass(frozen=True)
class BundleStore:
    """Arrays of datasets. A folder is deleted as a whole; ``build_dataset`` makes a new one.

    Attributes:
        copies: folder of this machine's copies, where the store is no folder. Other machines delete theirs
            when they next read a dataset.
    """

    store: Location
    copies: Path | None = None
    name: str = "arrays of datasets"

    def folders(self, subject: Subject) -> list[str]:
        """Folders that number the subject."""
        names = self.store.listing(folders=True)
        return [name for name in names if numbered(self.store.child(name), subject)]

    def find(self, subject: Subject) -> Found:
        """Counts folders."""
        return Found.of(folders=len(self.folders(subject)))

    def erase(self, subject: Subject) -> None:
        """Deletes them; files that name ids go last, so that a killed call finds the folder again."""
        last = set(ID_NAMES)
        for name in self.folders(subject):
            folder = self.store.child(name)
            folder.delete(sorted(folder.files(), key=lambda file: file in last))
            self.store.delete_folder(name)
        if self.copies is not None:
            shutil.rmtree(self.copies, ignore_errors=True)


@dataclass(frozen=True)
class CheckpointStore:
    """States of interrupted trainings.

    They name nobody, so all are deleted while a dataset holds the subject: this store comes before the
    datasets.
    """

    store: Location
    bundles: BundleStore
    name: str = "checkpoints"

    def find(self, subject: Subject) -> Found:
        """Counts files."""
        held = bool(self.bundles.folders(subject))
        return Found.of(files=len(self.store.files()) if held else 0)

    def erase(self, subject: Subject) -> None:
        """An interrupted training starts over."""
        self.store.delete(self.store.files())
        self.store.delete_folder()


@dataclass(frozen=True)
class PageStore:
    """Pages and the files next to them, all of which can be made again.

    Those that show the subject are deleted.
    """

    root: Path
    name: str = "pages and reports"

    def files(self, subject: Subject) -> list[Path]:
        """Files that show it."""
        files = (
            file
            for file in _files(self.root)
            if file.suffix.lower() not in NO_TEXT or file.parent.name == SITE_DATA
        )
        return [file for file in files if shows(file, self.root, subject)]

    def find(self, subject: Subject) -> Found:
        """Counts files."""
        return Found.of(files=len(self.files(subject)))

    def erase(self, subject: Subject) -> None:
        """Deletes them."""
        for file in self.files(subject):
            file.unlink(missing_ok=True)


@dataclass(frozen=True)
class LineStore:
    """Line files that are kept as records of what ran: the subject's name is removed from their lines.

    Attributes:
        until: what to report if there are no files.
    """

    name: str
    root: Path
    until: str = ""

    def find(self, subject: Subject) -> Found:
        """Counts lines."""
        if self.until and not self.root.exists():
            return Found("not searched", until=self.until)
        return Found.of(lines=sum(_lines_that_name(file, subject) for file in _files(self.root)))

    def erase(self, subject: Subject) -> None:
        """Rewrites files with such lines, each in one step."""
        for file in _files(self.root):
            if _lines_that_name(file, subject):
                _rewrite(file, lambda line: subject.prose.sub(ERASED, line))


def shows(file: Path, root: Path, subject: Subject) -> bool:
    """Whether a file below ``root``, or its name, contains the subject as a word."""
    if subject.word.search(str(file.relative_to(root))):
        return True
    return bool(subject.word.search(file.read_text(encoding="utf-8", errors="replace")))


def _files(root: Path) -> Iterator[Path]:
    paths = [root] if root.is_file() else sorted(root.rglob("*"))
    return (path for path in paths if path.is_file() and not path.is_symlink())


def _lines_that_name(file: Path, subject: Subject) -> int:
    with file.open(encoding="utf-8", errors="surrogateescape", newline="") as lines:
        return sum(bool(subject.prose.search(line)) for line in lines)


def _rewrite(file: Path, clean: Callable[[str], str]) -> None:
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    mode = file.stat().st_mode
    with (
        file.open(encoding="utf-8", errors="surrogateescape", newline="") as lines,
        unfinished.open("w", encoding="utf-8", errors="surrogateescape", newline="") as kept,
    ):
        kept.writelines(clean(line) for line in lines)
    unfinished.chmod(mode)
    unfinished.replace(file)
