"""Sentences on what sampled rows look like as a whole: their days, the currencies of their prices."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from causalrec.config import Settings
from causalrec.errors import ReasonCode
from causalrec.ingest.check.sample import FileCheck
from causalrec.ingest.formats.layout import Layout, day_start
from causalrec.ingest.formats.numbers import currency_of
from causalrec.sources.landing import Kind


def currency_remarks(files: Sequence[FileCheck], layout: Layout, kind: Kind) -> list[str]:
    """A remark where prices are in several currencies, and no setting says which is the shop's own."""
    sources = layout.sources("price")
    values = [str(row.get(name)) for one in files for row in one.raw for name in sources]
    found = sorted({currency_of(value) for value in values} - {""})
    if layout.feed.currency or len(found) < 2:
        return []
    return [
        f"prices stand beside {' and '.join(found)}, and are compared as if all were the same: name the "
        f"shop's own in [landing.{kind}] currency, then those in any other are left empty"
    ]


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
    span = (times[-1].date() - times[0].date()).days + 1
    said = [f"events of {span:,} days ({times[0]:%Y-%m-%d} to {times[-1]:%Y-%m-%d}): "
            f"{'history' if span > 3 else 'daily'}"]  # fmt: skip
    zone = settings.landing.time_zone
    end = day_start(day + dt.timedelta(days=1), zone, settings.landing.day_start_hour)
    beyond = reasons.get(ReasonCode.FUTURE_EVENT, 0)
    if beyond and times[-1] - end < dt.timedelta(hours=14):
        hours = (times[-1] - end).total_seconds() / 3600
        said.append(
            f"{beyond:,} events lie up to {hours:.1f} h after the end of {day} in "
            f"{zone}: the shop's day seems to lie west of that; set landing.time_zone"
        )
    return said
