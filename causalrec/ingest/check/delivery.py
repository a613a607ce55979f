"""One delivery as it lies there: its files, their first rows, and what is not read."""

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from causalrec.config import Settings
from causalrec.config.feed import FeedLayout
from causalrec.contracts import Contract, load_contract
from causalrec.ingest.check.raw import raw_rows
from causalrec.ingest.check.sample import FileCheck, check_file
from causalrec.ingest.formats.layout import Layout
from causalrec.ingest.formats.rows import MAX_RAW_CHARS, ReadLimits
from causalrec.sources.landing import Kind, LandingEntry, delivery_entries

SAMPLE_FILES = 20
HEADERS = 1_000  # files beyond the sample of which only the columns are looked at
SAMPLE_ROWS = 5_000


@dataclass(frozen=True)
class Looked:
    """One delivery, looked at.

    Attributes:
        kind, date: which delivery. dates: all arrival dates of this kind.
        landing: contract of its files. layout: by the settings.
        entries: what lies in its folder.
        files: those that were looked at: the first ones with rows, others only if they are refused.
        unread: name -> why it is not read.
    """

    kind: Kind
    date: dt.date
    dates: Sequence[dt.date]
    landing: Contract
    layout: Layout
    limits: ReadLimits
    entries: Sequence[LandingEntry]
    files: Sequence[FileCheck] = ()
    unread: Mapping[str, str] = field(default_factory=dict)

    @property
    def read(self) -> list[LandingEntry]:
        """The files that a night would open."""
        return [one for one in self.entries if not one.unread]

    @property
    def partly(self) -> bool:
        """Whether there are more rows than were looked at."""
        return any(len(one.rows) >= SAMPLE_ROWS for one in self.files) or len(self.read) > SAMPLE_FILES

    @property
    def share(self) -> float:
        """The share of the delivery's bytes that the sampled rows take."""
        seen = {one.name: one.share for one in self.files}
        size = sum(one.size for one in self.read)
        return sum(one.size * seen.get(one.name, 0.0) for one in self.read) / size if size else 1.0

    def layout_of(self, found: FileCheck) -> Layout:
        """The layout of one of its files."""
        return self.layout.of_file(found.name, self.landing)

    def again(self, found: FileCheck, feed: FeedLayout) -> FileCheck:
        """The file under other settings."""
        return self._look(found.name, replace(self.layout_of(found), feed=feed), SAMPLE_ROWS)

    def raw(self, found: FileCheck, only: Collection[str]) -> Iterator[Mapping[str, Any]]:
        """As many rows of the file as are sampled, before any mapping; of Parquet, the columns ``only``."""
        place = self._path(found.name), found.name, self.landing, self.layout_of(found), self.limits
        return raw_rows(*place, SAMPLE_ROWS, only)

    def looked(self, name: str, most: int) -> FileCheck:
        """The first ``most`` rows of a file; 0: its columns."""
        return self._look(name, self.layout.of_file(name, self.landing), most)

    def _look(self, name: str, layout: Layout, most: int) -> FileCheck:
        return check_file(self._path(name), name, self.date, self.landing, layout, self.limits, most)

    def _path(self, name: str) -> str:
        return next(one.path for one in self.entries if one.name == name)


def look_at(settings: Settings, kind: Kind, day: dt.date, dates: Sequence[dt.date]) -> Looked:
    """Looks at the files of a delivery; those that are damaged are unread if the settings say so."""
    landing = load_contract(f"landing_{kind}")
    limits = ReadLimits(settings.ingest.max_row_bytes, MAX_RAW_CHARS)
    entries = delivery_entries(settings.landing_root, kind, day)
    found = Looked(kind, day, dates, landing, Layout.of(landing, settings.landing), limits, entries)
    files = [found.looked(one.name, SAMPLE_ROWS) for one in found.read[:SAMPLE_FILES]]
    others = [found.looked(one.name, 0) for one in found.read[SAMPLE_FILES:HEADERS]]
    files += [one for one in others if one.problem]
    unread = {one.name: one.unread for one in entries if one.unread and one.size and not one.hidden}
    if settings.landing.unread_files == "name":
        unread |= {one.name: one.broken for one in files if one.broken}
        files = [one for one in files if not one.broken]
    return replace(found, files=tuple(files), unread=unread)
