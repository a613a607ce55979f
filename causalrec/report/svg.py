"""Figures as inline SVG whose colours follow the page, in light and in dark mode."""

import io
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK, DIM, LINE = "#0a0b01", "#0a0b02", "#0a0b03"
ACCENT, FLOOR, GOOD, BAD = "#0a0b04", "#0a0b05", "#0a0b06", "#0a0b07"
_VARIABLES = {
    INK: "var(--ink)", DIM: "var(--dim)", LINE: "var(--line)", ACCENT: "var(--accent)",
    FLOOR: "var(--floor)", GOOD: "var(--good)", BAD: "var(--bad)",
}  # fmt: skip
"""Placeholder colours for matplotlib -> variables of the page's style sheet."""

STYLE: dict[Any, Any] = {  # matplotlib types the keys as one long Literal
    "svg.fonttype": "none",  # text stays text, so that it can be read aloud, selected and searched
    "text.parse_math": False,  # a dollar sign in a product's name is a dollar sign
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": DIM,
    "axes.edgecolor": LINE,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": LINE,
    "xtick.color": DIM,
    "ytick.color": DIM,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
}
_HEAD = re.compile(r"^.*?(?=<svg )", re.DOTALL)
_LEFT_OUT = re.compile(r"<metadata>.*?</metadata>|<style[^>]*>.*?</style>", re.DOTALL)
_NAMES = re.compile(r' id="[A-Za-z][\w.]*_\d+"')  # figure_1, axes_1, ...: the same in every figure of a page


def draw(name: str, size: tuple[float, float], fill: "Callable[[Figure], None]") -> Markup:
    """The SVG element of a figure of ``size`` inches; ``name`` keeps its ids distinct from other figures'."""
    import matplotlib as mpl  # takes half a second; a stage that is up to date draws nothing
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE | {"svg.hashsalt": name}):
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasSVG(figure)
        fill(figure)
        target = io.StringIO()
        figure.savefig(target, format="svg", transparent=True, metadata={"Date": None})
    text = _NAMES.sub("", _LEFT_OUT.sub("", _HEAD.sub("", target.getvalue())))
    for stand_in, variable in _VARIABLES.items():
        text = text.replace(stand_in, variable)
    return Markup(text)  # noqa: S704 - matplotlib escapes every text that it writes
