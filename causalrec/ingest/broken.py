"""Files that cannot be read: they stop their delivery, or are left out of it as a whole and named."""

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, TypeVar

from causalrec.contracts import Contract
from causalrec.errors import SourceError, printable
from causalrec.ingest.formats.layout import Layout, section
from causalrec.ingest.gate import BrokenFiles
from causalrec.ingest.header import check_header
from causalrec.ingest.mark import SourceFile

HEADER_THREADS = 8

Found = TypeVar("Found")
Choice = Literal["refuse", "name"]


def sound_files(
    files: Sequence[SourceFile], landing: Contract, layout: Layout, max_row_bytes: int, broken: Choice
) -> tuple[list[SourceFile], list[str]]:
    """The files whose beginning can be read, and a line for each other one.

    Raises:
        SourceError: there is another one, and ``broken`` is ``refuse`` or its delivery has no sound file.
        ContractError: a file has other columns than the contract, whatever ``broken`` is.
    """

    def looked_at(one: SourceFile) -> SourceError | None:
        try:
            check_header(one.file, landing, layout.of_file(one.name, landing), max_row_bytes)
        except SourceError as error:
            return error
        return None

    with ThreadPoolExecutor(HEADER_THREADS) as pool:
        found = list(zip(files, pool.map(looked_at, files), strict=True))
    sound = [one for one, error in found if error is None]
    lines = []
    for one, error in found:
        if error is None:
            continue
        if broken == "refuse" or not _any_of(sound, one.arrival_date):
            raise _or_without(error) if _any_of(sound, one.arrival_date) else error
        lines.append(_line(landing, one.arrival_date, [one.name], error.what))
    return sound, lines


def loaded_without_broken(
    load: Callable[[Sequence[SourceFile]], Found],
    files: Sequence[SourceFile],
    landing: Contract,
    broken: Choice,
) -> tuple[Found, Sequence[SourceFile], list[str]]:
    """What ``load`` makes of the files, without those that break off; the files and a line for each other.

    Raises:
        BrokenFiles: one breaks off, and ``broken`` is ``refuse`` or its delivery has no other file.
    """
    lines: list[str] = []
    while True:
        try:
            return load(files), files, lines
        except BrokenFiles as error:
            gone, date = set(error.files), error.files[0][0]
            files = [one for one in files if (one.arrival_date, one.name) not in gone]
            if broken == "refuse" or not _any_of(files, date):
                raise
            lines.append(_line(landing, date, [name for _, name in error.files], error.why))


def _or_without(error: SourceError) -> SourceError:
    """The error, with the setting that loads the files beside this one."""
    return type(error)(
        error.what, do=f'{error.do}, or load the others without it: [landing] unread_files = "name"'
    )


def _any_of(files: Sequence[SourceFile], date: dt.date) -> bool:
    return any(one.arrival_date == date for one in files)


def _line(landing: Contract, date: dt.date, names: Collection[str], why: str) -> str:
    kind = section(landing)
    told = f"LOST {len(names)} of the files of {kind} {date}, {why}"
    return printable(f"{told}: deliver them again, the others are loaded")
