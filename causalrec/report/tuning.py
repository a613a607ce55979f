"""The page of a search: what was chosen, its gain on validation, and every setting that was tried."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from causalrec.config import Settings
from causalrec.config.bench import Value
from causalrec.report.page import Page, make_page
from causalrec.report.thumbnails import THUMBNAIL_PIXELS

FILE = "tuning.html"


@dataclass(frozen=True)
class TrialLine:
    """One trial for the page; ``value`` is None if there is none."""

    number: int
    state: str
    value: float | None
    seconds: float
    change: Mapping[str, Value]


def tuning_page(
    settings: Settings,
    *,
    chosen: Mapping[str, Value],
    metric: str,
    value: float,
    before: float | None,
    trials: Sequence[TrialLine],
) -> Page:
    """Writes the page; trials are shown best first, those without a value last."""
    ranked = sorted(trials, key=lambda line: (line.value is None, -(line.value or 0.0)))
    varied = [path for path in chosen if len({line.change.get(path) for line in trials}) > 1]
    return make_page(
        settings,
        "tuning.html.j2",
        FILE,
        model=settings.model.name,
        metric=metric,
        chosen=chosen,
        value=value,
        before=before,
        trials=ranked,
        varied=varied,
        side=THUMBNAIL_PIXELS,
    )
