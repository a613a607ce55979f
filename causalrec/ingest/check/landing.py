"""Checks the first and the newest delivery of each kind: files, columns, rows, ids, days, pictures."""

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from causalrec.config import Settings
from causalrec.contracts import Contract, load_contract
from causalrec.ingest.advice import cure, field_advice
from causalrec.ingest.check.catalogue import Catalogue
from causalrec.ingest.check.measured import Sampled, refusals, sampled
from causalrec.ingest.check.pictures import PictureCheck, check_pictures
from causalrec.ingest.check.remarks import currency_remarks, day_remarks, status_remarks
from causalrec.ingest.check.sample import FileCheck, check_file
from causalrec.ingest.check.suggest import Tree, suggested
from causalrec.ingest.check.toml import toml_block
from causalrec.ingest.formats.layout import Layout
from causalrec.ingest.formats.rows import MAX_RAW_CHARS, ReadLimits
from causalrec.ingest.history import history_end
from causalrec.sources.landing import Kind, LandingEntry, arrival_dates, delivery_entries, strangers

SAMPLE_FILES = 20
HEADERS = 1_000  # files beyond the sample of which only the columns are looked at
SAMPLE_ROWS = 5_000
LOOKED_AT = 2  # deliveries of a kind: the first and the newest
_DIGITS = re.compile(r"\d+")
KINDS: tuple[Kind, ...] = ("events", "products")


@dataclass(frozen=True)
class DeliveryCheck:
    """What was found in one delivery.

    Attributes:
        kind, date: which delivery; None if nothing of this kind has arrived.
        dates: arrival dates of this kind in all.
        files: the files that are read, sampled. unread: name -> why it is not read.
        rejects: reason -> (sampled rows, an example, the fix).
        nulled: "column reason" -> (sampled rows that lose this field, an example, the fix).
        rows: sampled rows. left_out: those that the layout filters out.
        share: of the delivery that these rows are, from 0 to 1, by the bytes of its files.
        remarks: sentences on days, ids and pictures. warnings: on what no rule would notice.
        toml: settings to paste; '' if none are missing.
        refuse_unread: whether unread files stop a night.
        refused: why the gate would stop a night, judging by the sampled rows.
    """

    kind: Kind
    date: dt.date | None
    dates: int = 0
    files: tuple[FileCheck, ...] = ()
    unread: Mapping[str, str] = field(default_factory=dict)
    rejects: Mapping[str, tuple[int, str, str]] = field(default_factory=dict)
    nulled: Mapping[str, tuple[int, str, str]] = field(default_factory=dict)
    rows: int = 0
    left_out: int = 0
    share: float = 1.0
    remarks: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    pictures: PictureCheck | None = None
    toml: str = ""
    refuse_unread: bool = True
    refused: tuple[str, ...] = ()

    @property
    def blocking(self) -> list[str]:
        """Why a night would refuse this delivery as a whole."""
        found = _grouped([one.problem for one in self.files if one.problem], [one.name for one in self.files])
        if self.unread and self.refuse_unread:
            name, why = next(iter(self.unread.items()))
            found.append(
                f"{self.kind} {self.date}: {len(self.unread)} files are not read, for example {name}: {why}"
            )
        return [*found, *self.refused]


def _grouped(problems: Sequence[str], names: Sequence[str]) -> list[str]:
    """One line for all files that have the same problem."""
    alike: dict[str, list[str]] = {}
    for problem in problems:
        what = _DIGITS.sub("", problem)
        for name in sorted(names, key=len, reverse=True):
            what = what.replace(_DIGITS.sub("", name), "")
        alike.setdefault(what, []).append(problem)
    return [
        one[0] if len(one) == 1 else f"{one[0]} (and {len(one) - 1:,} more files likewise)"
        for one in alike.values()
    ]


def check_landing(settings: Settings, ds: dt.date | None = None) -> list[DeliveryCheck]:
    """Checks the first delivery of each kind and the newest one up to ``ds``."""
    found = []
    known = Catalogue()
    for kind in reversed(KINDS):  # products first: events are compared with them
        dates = [day for day in arrival_dates(settings.landing_root, kind) if ds is None or day <= ds]
        if not dates:
            found.append(DeliveryCheck(kind, None, remarks=_beside(settings, kind)))
        chosen = dict.fromkeys((dates[0], dates[-1])) if dates else {}
        found += [_delivery(settings, kind, day, dates, known) for day in chosen]
    return found


def _beside(settings: Settings, kind: Kind) -> tuple[str, ...]:
    names = strangers(settings.landing_root, kind)
    if not names:
        return ()
    shown = ", ".join(names[:5])
    return (
        f"{len(names)} entries beside the deliveries are ignored ({shown}): folders are named "
        f"{kind}/arrival_date=YYYY-MM-DD",
    )


def _delivery(
    settings: Settings, kind: Kind, day: dt.date, dates: Sequence[dt.date], known: Catalogue
) -> DeliveryCheck:
    landing, table = load_contract(f"landing_{kind}"), load_contract(kind)
    layout = Layout.of(landing, settings.landing)
    limits = ReadLimits(settings.ingest.max_row_bytes, MAX_RAW_CHARS)
    entries = delivery_entries(settings.landing_root, kind, day)
    read = [one for one in entries if not one.unread]
    look = partial(check_file, arrival=day, landing=landing, layout=layout, limits=limits, most=SAMPLE_ROWS)
    looked_at = [(look(one.path, one.name), one.path) for one in read[:SAMPLE_FILES]]
    others = [(look(one.path, one.name, most=0), one.path) for one in read[SAMPLE_FILES:HEADERS]]
    looked_at += [(one, path) for one, path in others if one.problem]
    unread = {one.name: one.unread for one in entries if one.unread and one.size and not one.hidden}
    if settings.landing.unread_files == "name":
        unread |= {one.name: one.broken for one, _ in looked_at if one.broken}
        looked_at = [(one, path) for one, path in looked_at if not one.broken]
    files = [one for one, _ in looked_at]
    rows = [row for one in files for row in one.rows]
    seen = sampled(rows, table, settings, history_end(dates, (), settings.ingest))
    reasons = seen.measures.rejects
    remarks = [*_beside(settings, kind), *day_remarks(rows, kind, day, settings, reasons)]
    if kind == "products":
        known.ids.update(row["item_id"] for row in seen.good)
        part = any(len(one.rows) >= SAMPLE_ROWS for one in files) or len(read) > SAMPLE_FILES
        known.whole = known.whole and len(dates) <= LOOKED_AT and not part
    elif known.ids:
        remarks += known.remarks(seen.good)
    pictures = check_pictures(seen.good, settings) if kind == "products" else None
    if not entries:
        refused = ["the delivery has no files, 0 rows"]
    else:
        readable = read and not any(one.problem for one in files)
        refused = refusals(day, seen.measures, table, landing, settings) if readable else []
        if kind == "events" and known.ids:
            refused += known.refusals(seen.good, day, settings)
        if pictures is not None:
            refused += pictures.refusals(settings.features.image.max_failure_share)
    trees = (
        _settings(one, path, look, landing, layout)
        for one, path in looked_at
        if one.problem or refused or seen.measures.nulled
    )
    return DeliveryCheck(
        kind, day, len(dates), tuple(files),
        unread,
        toml=toml_block(landing, next((tree for tree in trees if tree), {})),
        refuse_unread=settings.landing.unread_files == "refuse",
        rejects={r: (n, seen.examples[r], cure(r, table)) for r, n in reasons.items()},
        nulled={note: _emptied(note, n, seen, table) for note, n in seen.measures.nulled.items()},
        rows=len(rows), left_out=seen.measures.left_out, share=_share(files, read), remarks=tuple(remarks),
        warnings=(*currency_remarks(files, layout, kind), *status_remarks(files, layout, kind)),
        pictures=pictures,
        refused=tuple(refused),
    )  # fmt: skip


def _share(looked_at: Sequence[FileCheck], read: Sequence[LandingEntry]) -> float:
    """The share of the delivery's bytes that the sampled rows take."""
    seen = {one.name: one.share for one in looked_at}
    size = sum(one.size for one in read)
    return sum(one.size * seen.get(one.name, 0.0) for one in read) / size if size else 1.0


def _settings(
    found: FileCheck, path: str, look: Callable[..., FileCheck], landing: Contract, layout: Layout
) -> Tree:
    """Settings for a file; if its encoding hides its columns, also those for the columns."""
    tree = suggested(found, landing, layout.feed.model_dump())
    if set(tree) != {"encoding"}:
        return tree
    feed = layout.feed.model_copy(update=tree)
    again = look(path, found.name, layout=replace(layout, feed=feed))
    return tree | suggested(again, landing, feed.model_dump())


def _emptied(note: str, rows: int, seen: Sampled, table: Contract) -> tuple[int, str, str]:
    column, _, reason = note.partition(" ")
    return rows, seen.examples[note], field_advice(column, reason, table)
