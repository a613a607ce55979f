"""Charts that several pages share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from causalrec.report.svg import INK, draw

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH = 4.4  # inches of a chart: readable on a phone, where the page draws it at full width
HEAD, LINE = 0.75, 0.34  # inches: axis and its label, one bar
LONGEST = 28  # characters of a label; longer ones are truncated
ROOM = 1.3  # the axis extends beyond the longest bar, for the numbers


@dataclass(frozen=True)
class Bar:
    """One bar: its label, its length, the ends of its interval (both equal to the value: none is drawn)."""

    label: str
    value: float
    low: float
    high: float
    colour: str


def interval_bars(name: str, bars: Sequence[Bar], axis: str) -> Markup:
    """Horizontal bars from zero with their intervals and their values as numbers.

    Args:
        name: keeps the figure's ids distinct from those of other figures on the page.
        axis: what the lengths mean.
    """
    longest = max((bar.high for bar in bars), default=1.0)

    def fill(figure: "Figure") -> None:
        panel = figure.subplots()
        panel.barh(
            range(len(bars)),
            [bar.value for bar in bars],
            height=0.62,
            color=[bar.colour for bar in bars],
        )
        for place, bar in enumerate(bars):
            if bar.low < bar.high:
                panel.plot([bar.low, bar.high], [place, place], color=INK, linewidth=1.4)
            panel.annotate(
                f"{bar.value:.3f}",
                (bar.high, place),
                (6, 0),
                textcoords="offset points",
                va="center",
                fontsize=9,
            )
        panel.set_yticks(range(len(bars)), [_short(bar.label) for bar in bars])
        panel.set_ylim(len(bars) - 0.4, -0.6)
        panel.set_xlim(0, longest * ROOM)
        panel.set_xlabel(axis)
        panel.locator_params(axis="x", nbins=4)
        panel.tick_params(left=False)
        panel.grid(visible=False, axis="y")

    return draw(name, (WIDTH, HEAD + LINE * len(bars)), fill)


def _short(label: str) -> str:
    return label if len(label) <= LONGEST else f"{label[: LONGEST - 1]}…"
