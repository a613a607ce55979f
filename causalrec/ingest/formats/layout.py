"""Applies a shop's layout: which columns of a file are read, and how its rows map to ours."""

import datetime as dt
import posixpath
import zoneinfo
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cached_property

from causalrec.config.feed import FeedLayout, Take
from causalrec.config.landing import KindLayout, LandingSettings
from causalrec.contracts import Contract
from causalrec.contracts.absent import is_absent
from causalrec.ingest.formats.csv_head import spelled
from causalrec.ingest.formats.folders import folder_values
from causalrec.ingest.formats.notation import Notation
from causalrec.ingest.formats.paths import exploded, reach, root

NATIVE = FeedLayout()


def fits(pattern: str, name: str) -> bool:
    """Whether a file of a delivery, or its name without folders, has the ``pattern``."""
    return fnmatchcase(name, pattern) or fnmatchcase(posixpath.basename(name), pattern)


@dataclass(frozen=True)
class LeftOut:
    """A row that the layout filters out; it is counted."""

    why: str


@dataclass(frozen=True)
class Layout:
    """The layout of one kind of delivery, or of one of its files.

    Attributes:
        feed: its settings.
        zone: IANA name of the shop's time zone.
        day_start_hour: local hour at which the shop's day begins.
        files: pattern of file names -> settings of files with a layout of their own.
        pattern: the one that this layout is of; '' for the layout of the kind.
        given: column -> its value in rows that have none, by the folders of the file.
    """

    feed: FeedLayout = NATIVE
    zone: str = "UTC"
    day_start_hour: int = 0
    files: Mapping[str, FeedLayout] = field(default_factory=dict)
    pattern: str = ""
    given: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, landing: Contract, settings: LandingSettings) -> "Layout":
        """The layout of the deliveries of a landing contract."""
        feed: KindLayout = getattr(settings, section(landing))
        return cls(feed, settings.time_zone, settings.day_start_hour, feed.files)

    def of_file(self, name: str, landing: Contract) -> "Layout":
        """The layout of the file ``name`` of a delivery, sub-folders included."""
        pattern = next((one for one in self.files if fits(one, name)), self.pattern)
        own = self if pattern == self.pattern else replace(self, feed=self.files[pattern], pattern=pattern)
        values = folder_values(name)
        names = dict(zip(values, spelled(values, own.known(landing)), strict=True))
        given = {ours: values[key] for key, ours in names.items() if ours in own.known(landing)}
        return replace(own, given=given) if given else own

    def place(self, landing: Contract) -> str:
        """Section of ``[landing]`` that holds these settings."""
        return section(landing) + (f'.files."{self.pattern}"' if self.pattern else "")

    @cached_property
    def notation(self) -> Notation:
        """How values are written."""
        zones = {"refuse": "", "shop": self.zone, "UTC": "UTC"}
        return Notation(
            decimal_comma=self.feed.decimal_comma,
            currency=self.feed.currency,
            epoch_unit=self.feed.epoch_unit,
            zone=zones[self.feed.naive_times],
            time_format=self.feed.time_format,
            number_ids=self.feed.number_ids,
            list_separator=self.feed.list_separator,
        )

    @property
    def is_native(self) -> bool:
        """Whether rows have the contract's columns and notation, so that whole blocks can be read."""
        feed = self.feed
        plain = not self._changes_rows and not feed.fill_down.columns
        return plain and not self.given and self.notation == Notation()

    @property
    def _changes_rows(self) -> bool:
        feed = self.feed
        return bool(feed.columns or feed.explode or feed.only or feed.filled)

    def sources(self, column: str) -> tuple[str, ...]:
        """Columns of the file behind a column of the contract; none for a constant."""
        take = self.feed.columns.get(column)
        return (column,) if take is None else take.sources

    def paths(self, landing: Contract) -> list[str]:
        """Columns of the file that are read, or paths into them, except for ``only`` and ``explode``."""
        ours = (name for column in landing.column_names for name in self.sources(column))
        rule = self.feed.fill_down
        return [*ours, *self.feed.filled, *_some(rule.by), *rule.columns]

    def known(self, landing: Contract) -> frozenset[str]:
        """Names of all columns of the file that are read."""
        paths = self.paths(landing)
        return frozenset(paths) | {
            root(path) for path in [*paths, *self.feed.only, *_some(self.feed.explode)]
        }

    def rows(
        self, row: Mapping[str, object], landing: Contract, arrival: dt.date
    ) -> Iterator[tuple[Mapping[str, object], Mapping[str, object] | LeftOut]]:
        """Our rows from one row of a file, each preceded by the part of that row that it comes from."""
        feed = self.feed
        if self.given:
            row = {**row, **{name: one for name, one in self.given.items() if row.get(name) in (None, "")}}
        if not self._changes_rows:
            yield row, row
            return
        if not feed.explode:
            yield row, self._row(row, landing, arrival)
            return
        names = [feed.explode] if feed.explode in row else feed.explode.split(".")
        for part, opened in exploded(row, names):
            if opened is None and feed.unlisted == "keep":
                yield part, self._row(part, landing, arrival)
            elif opened is None:
                yield part, LeftOut(f"{feed.explode} is empty")
            else:
                yield part, self._row(opened, landing, arrival)

    def again(
        self, row: Mapping[str, object], landing: Contract, arrival: dt.date
    ) -> Mapping[str, object] | LeftOut:
        """Our row, by today's layout, from a kept one: as in the file, or with the values that were read.

        A row with exactly our required columns holds values that were read before: only the layout's word
        mappings apply to it.
        """
        required = {column.name for column in landing.columns if column.required}
        if required <= row.keys() <= set(landing.column_names):
            takes = self.feed.columns
            return {name: word(takes[name], value) if name in takes else value for name, value in row.items()}
        return next(ours for _, ours in self.rows(row, landing, arrival))

    def _unwanted(self, row: Mapping[str, object]) -> LeftOut | None:
        for name, wanted in self.feed.only.items():
            if text_of(reach(row, name)) not in wanted:
                return LeftOut(f"{name} is another one")
        for name in self.feed.filled:
            value = reach(row, name)
            if value in (None, []) or (isinstance(value, str) and is_absent(value)):
                return LeftOut(f"{name} is empty")
        return None

    def _row(
        self, row: Mapping[str, object], landing: Contract, arrival: dt.date
    ) -> Mapping[str, object] | LeftOut:
        unwanted = self._unwanted(row)
        if unwanted is not None:
            return unwanted
        ours: dict[str, object] = {}
        for column in landing.columns:
            take = self.feed.columns.get(column.name)
            value = row.get(column.name) if take is None else self._taken(take, row, arrival)
            ours[column.name] = _one_text(value, column.name) if column.type == "string" else value
        return ours

    def _taken(self, take: Take, row: Mapping[str, object], arrival: dt.date) -> object:
        if take.value is not None:
            return take.value
        if take.arrival_date:
            return day_start(arrival, self.zone, self.day_start_hour)
        if take.join:
            parts = [text_of(self._part(name, row, arrival)) for name in take.join]
            return ":".join(parts) if all(parts) else None
        value = reach(row, take.column)
        for other in take.otherwise:
            value = reach(row, other) if value in (None, "", []) else value
        return word(take, value)

    def _part(self, name: str, row: Mapping[str, object], arrival: dt.date) -> object:
        """A part of a join: a column of the file, or one of ours that the file does not have."""
        value = reach(row, name)
        ours = self.feed.columns.get(name)
        return value if value is not None or ours is None or ours.join else self._taken(ours, row, arrival)


AS_CONTRACT = Layout()


def section(landing: Contract) -> str:
    """Section of ``[landing]`` for a landing contract: ``events`` or ``products``."""
    return landing.name.removeprefix("landing_")


def day_start(day: dt.date, zone: str, hour: int) -> dt.datetime:
    """When a shop's day begins, UTC."""
    local = dt.datetime.combine(day, dt.time(hour), zoneinfo.ZoneInfo(zone))
    return local.astimezone(dt.UTC)


def word(take: Take, value: object) -> object:
    """Our word for the shop's word."""
    return take.values.get(text_of(value), value) if take.values else value


def text_of(value: object) -> str:
    """A value as written; '' for none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def _one_text(value: object, column: str) -> object:
    """A list for a text column is joined: categories to a path, anything else by blanks."""
    if not isinstance(value, list):
        return value
    between = " > " if column == "category" else " "
    return between.join(text_of(one) for one in value if one is not None) or None


def _some(name: str) -> tuple[str, ...]:
    return (name,) if name else ()
