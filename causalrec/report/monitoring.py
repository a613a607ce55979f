"""Writes the page that compares live behaviour with the review's figures, as one HTML file."""

import datetime as dt
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from causalrec.config import Settings
from causalrec.lake import Lake
from causalrec.report.page import Page, make_page
from causalrec.report.svg import ACCENT, BAD, DIM, draw
from causalrec.report.thumbnails import THUMBNAIL_PIXELS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NIGHTS = 60  # shown on the page
SIZE = (4.4, 2.0)  # inches
FLAG = "training_request"


def monitoring_page(settings: Settings, lake: Lake, ds: dt.date) -> Page:
    """``monitoring.html`` in the report folder: the lines of ``ds``, and their history over the nights."""
    days = lake.table("monitoring").upto("ds", ds.isoformat())[-NIGHTS:]
    rows = lake.table("monitoring").read({"ds": days}).sort_by("ds").to_pylist() if days else []
    tonight = [row for row in rows if row["ds"] == ds]
    flags = [row for row in tonight if row["measure"] == FLAG]
    return make_page(
        settings,
        "monitoring.html.j2",
        "monitoring.html",
        ds=ds,
        flag=flags[0] if flags else None,
        lines=[row for row in tonight if row["measure"] != FLAG],
        charts=_charts(rows),
        side=THUMBNAIL_PIXELS,
    )


def _charts(rows: list[dict[str, Any]]) -> dict[str, Markup]:
    """One chart per measure and slice with a value."""
    series: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        if row["value"] is not None and row["measure"] != FLAG:
            series.setdefault(f"{row['measure']} {row['slice']}".strip(), []).append(row)
    return {name: _chart(name, points) for name, points in sorted(series.items())}


def _chart(name: str, points: list[dict[str, Any]]) -> Markup:
    def fill(figure: "Figure") -> None:
        panel = figure.subplots()
        days = [f"{row['ds']:%m-%d}" for row in points]
        places = range(len(points))
        low, high = (
            [row["value"] if row[end] is None else row[end] for row in points] for end in ("low", "high")
        )
        panel.vlines(places, low, high, color=ACCENT, linewidth=2)
        panel.plot(places, [row["value"] for row in points], "o-", color=ACCENT, markersize=4, linewidth=1)
        for key, colour in (("promised", DIM), ("threshold", BAD)):
            if points[-1][key] is not None:
                panel.axhline(points[-1][key], color=colour, linewidth=1, linestyle="--")
        step = max(1, len(points) // 5)
        panel.set_xticks(list(places)[::step], days[::step])
        panel.locator_params(axis="y", nbins=4)

    return draw(f"monitoring-{name}", SIZE, fill)
