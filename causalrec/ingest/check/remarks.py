"""Sentences on what sampled rows look like as a whole: their days, the currencies of their prices."""

import datetime as dt
import zoneinfo
from collections.abc import Mapping, Sequence
from typing import Any

from causalrec.config import Settings
from causalrec.config.landing import LandingSettings
from causalrec.contracts import Contract
from causalrec.errors import ReasonCode
from causalrec.ingest.check.nested import flattened
from causalrec.ingest.check.sample import FileCheck
from causalrec.ingest.formats.currencies import CODES
from causalrec.ingest.formats.layout import Layout, day_start, section
from causalrec.ingest.formats.numbers import currency_of
from causalrec.sources.landing import Kind

_UNDONE = """
annullata annullato annulé annulée annulee anulada anulado canceled cancelada cancelado cancellation cancelled
declined devuelto erstattet failed geannuleerd refund refunded remboursé remboursée retoure return returned
rimborsato storniert stornierung storno void voided キャンセル 返品
"""
UNDONE = frozenset(_UNDONE.split())
"""Words for an order that did not stand."""
MOST_WORDS = 20  # a column with more values in its first rows holds no states
HISTORY_DAYS = 3  # a delivery whose events span more days is history, not one day of a shop


def currency_remarks(files: Sequence[FileCheck], layout: Layout, landing: Contract) -> list[str]:
    """A remark where prices are in several currencies, beside them or in a column of its own."""
    sources = layout.sources("price")
    rows = [row for one in files for row in one.raw]
    beside = sorted({currency_of(str(row.get(name))) for row in rows for name in sources} - {""})
    said = []
    if len(beside) > 1 and not layout.feed.currency:
        said.append(
            f"prices stand beside {' and '.join(beside)}, and are compared as if all were the same: name "
            f"the shop's own in [landing.{layout.place(landing)}] currency, then those in any other are left "
            "empty"
        )
    for name in dict.fromkeys(key for row in rows for key in row):
        codes = {str(row[name]).strip() for row in rows if row.get(name)}
        if len(codes) > 1 and codes <= CODES:
            said.append(
                f"column {name} holds {' and '.join(sorted(codes))}, and prices are compared as if all were "
                "the same: convert them in the export"
            )
    return said


def status_remarks(files: Sequence[FileCheck], layout: Layout, landing: Contract) -> list[str]:
    """A remark where a column says that rows were cancelled or given back, and nothing leaves them out."""
    said = []
    for name, words in _words_of(files).items():
        undone = sorted(word for word in words if word.strip().casefold() in UNDONE)
        if section(landing) != "events" or not undone or name in layout.feed.only or len(words) > MOST_WORDS:
            continue
        others = ", ".join(f'"{word}"' for word in sorted(words - set(undone)))  # '' too: a cell left empty
        said.append(
            f"column {name} holds {' and '.join(undone)}, and such rows count like any other: leave "
            f'them out, [landing.{layout.place(landing)}] only = {{ "{name}" = [{others}] }}'
        )
    return said


def _words_of(files: Sequence[FileCheck]) -> dict[str, set[str]]:
    """Column, or path into nested rows -> its values that are texts."""
    found: dict[str, set[str]] = {}
    for file in files:
        for row in flattened(file)[0].raw:
            for name, value in row.items():
                if isinstance(value, str):
                    found.setdefault(name, set()).add(value)
    return found


def day_remarks(
    rows: Sequence[Mapping[str, Any]],
    kind: Kind,
    day: dt.date,
    settings: Settings,
    reasons: Mapping[str, int],
) -> list[str]:
    """How many days the sampled events span, and whether the shop's day seems to lie west of its zone.

    Args:
        reasons: reason -> rejected rows.
    """
    name = "event_time" if kind == "events" else "updated_at"
    times = sorted(row[name] for row in rows if row[name] is not None)
    if not times or kind != "events":
        return []
    zone = settings.landing.time_zone
    first, last = (_day_of(moment, settings.landing) for moment in (times[0], times[-1]))
    span = (last - first).days + 1
    days = f"{span:,} days ({first} to {last})" if span > 1 else str(first)
    said = [f"events of {days}: {'history' if span > HISTORY_DAYS else 'daily'}"]
    end = day_start(day + dt.timedelta(days=1), zone, settings.landing.day_start_hour)
    beyond = reasons.get(ReasonCode.FUTURE_EVENT, 0)
    if beyond and times[-1] - end < dt.timedelta(hours=14):
        hours = (times[-1] - end).total_seconds() / 3600
        said.append(
            f"{beyond:,} events lie up to {hours:.1f} h after the end of {day} in "
            f"{zone}: the shop's day seems to lie west of that; set landing.time_zone"
        )
    return said


def _day_of(moment: dt.datetime, landing: LandingSettings) -> dt.date:
    """The shop's day of a time; the UTC day at the ends of the calendar, which no zone may leave."""
    if moment.year in (dt.MINYEAR, dt.MAXYEAR):
        return moment.date()
    begun = moment - dt.timedelta(hours=landing.day_start_hour)
    return begun.astimezone(zoneinfo.ZoneInfo(landing.time_zone)).date()
