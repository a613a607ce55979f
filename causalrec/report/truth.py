"""How close the models of a generated shop come to its truth, as a card on the pages."""

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from markupsafe import Markup

from causalrec.config import Settings
from causalrec.model.worth import WHOLE
from causalrec.report.charts import Bar, interval_bars
from causalrec.report.page import write_page
from causalrec.report.svg import ACCENT, FLOOR, GOOD

AXIS = "NDCG@20 against the truth"
BOUNDS = ("attainable", "ideal")


@dataclass(frozen=True)
class TruthLine:
    """One model's NDCG of unseen items: means over users, and bootstrap intervals of 95 %.

    Attributes:
        factual: gains are the true probabilities of a choice if the item is shown.
        do: the same without general demand for brand and category (the content effect).
        logged: gains are the true probabilities that the shop shows the item and it is chosen; None in lines
            of older code.
        own: whether it is a version of the shop's model rather than a model for comparison.
    """

    model: str
    factual: float
    do: float
    factual_interval: tuple[float, float]
    do_interval: tuple[float, float]
    own: bool = False
    logged: float | None = None
    logged_interval: tuple[float, float] | None = None


def write_truth(settings: Settings, ds: dt.date, lines: Sequence[TruthLine]) -> None:
    """Stores the lines next to a night's page, so that they can be shown again without a model."""
    write_page(settings, _file(ds), json.dumps([asdict(line) for line in lines], indent=1))


def read_truth(settings: Settings, ds: dt.date) -> tuple[TruthLine, ...]:
    """The inverse of :func:`write_truth`; empty if nothing was stored."""
    stored = settings.report_store.read(_file(ds))
    rows = [] if stored is None else json.loads(stored)
    return tuple(TruthLine(**{name: _pair(value) for name, value in row.items()}) for row in rows)


def _file(ds: dt.date) -> str:
    return f"truth_{ds.isoformat()}.json"


def _pair(value: object) -> Any:  # noqa: ANN401 - one field of a row of JSON
    return tuple(value) if isinstance(value, list) else value


def short_fits_note(lines: Sequence[TruthLine]) -> str:
    """The row to compare rows without a module with; empty if there are none."""
    whole = [line.model for line in lines if line.model.startswith(f"{WHOLE}, ")]
    if not whole:
        return ""
    return (
        "Rows “without …” or “with …” a module were fitted for fewer steps. Compare them only with "
        f"“{whole[0]}”, which was fitted the same way."
    )


def truth_charts(lines: Sequence[TruthLine]) -> dict[str, Markup]:
    """Question -> chart; empty for a shop whose truth is unknown."""
    if not lines:
        return {}
    charts = {
        "If the item is shown (response)": _chart("truth-response", lines, "factual"),
        "Its content alone (content effect)": _chart("truth-content", lines, "do"),
    }
    if all(line.logged is not None for line in lines):
        charts["What will be chosen anyway (shown and chosen)"] = _chart("truth-logged", lines, "logged")
    return charts


def _chart(name: str, lines: Sequence[TruthLine], question: str) -> Markup:
    bars = []
    for line in lines:
        low, high = getattr(line, f"{question}_interval")
        bars.append(Bar(line.model, getattr(line, question), low, high, _colour(line)))
    return interval_bars(name, bars, AXIS)


def _colour(line: TruthLine) -> str:
    return ACCENT if line.own else GOOD if line.model in BOUNDS else FLOOR
