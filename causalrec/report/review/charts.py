"""The charts of the page. Each title says what to look for."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup

from causalrec.report.review.metrics import MetricTable
from causalrec.report.svg import ACCENT, DIM, FLOOR, GOOD, draw

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH = 4.4  # inches of a chart: readable on a phone, where the page draws it at full width


def colour(model: str) -> str:
    """The version under review stands out, the champion is marked, baselines are grey."""
    return ACCENT if model.startswith("version ") else GOOD if model.startswith("champion") else FLOOR


def intervals(table: MetricTable, metric: str) -> Markup:
    """One dot with its 95 % interval per model."""
    models = [model for model in table.models if model in table.values[metric]]

    def fill(figure: "Figure") -> None:
        panel = figure.subplots()
        for place, model in enumerate(models):
            found = table.values[metric][model]
            low, high = (found.value if end is None else end for end in (found.low, found.high))
            panel.plot(
                [low, high], [place, place], color=colour(model), linewidth=2.5, solid_capstyle="round"
            )
            panel.plot(found.value, place, "o", color=colour(model), markersize=7)
            panel.annotate(
                f"{found.value:.4f}",
                (high, place),
                (8, 0),
                textcoords="offset points",
                va="center",
                fontsize=9,
            )
        panel.set_yticks(range(len(models)), models)
        panel.set_ylim(len(models) - 0.5, -0.5)
        panel.margins(x=0.22)
        panel.locator_params(axis="x", nbins=4)
        panel.tick_params(left=False)
        panel.grid(visible=False, axis="y")

    return draw(f"intervals-{metric}", (WIDTH, 0.6 + 0.36 * len(models)), fill)


def trade_off(table: MetricTable) -> Markup | None:
    """Every model by a debiased metric and by accuracy; None if one of them was not measured."""
    across = table.across()
    if across is None:
        return None
    side, accuracy = across
    both = [m for m in table.models if m in table.values[side] and m in table.values[accuracy]]

    def fill(figure: "Figure") -> None:
        panel = figure.subplots()
        for model in both:
            x, y = (table.values[name][model] for name in (side, accuracy))
            error = [[max(p.value - (p.value if p.low is None else p.low), 0.0)] for p in (x, y)]
            rest = [[max((p.value if p.high is None else p.high) - p.value, 0.0)] for p in (x, y)]
            panel.errorbar(
                x.value, y.value, xerr=[error[0], rest[0]], yerr=[error[1], rest[1]],
                fmt="o", color=colour(model), markersize=8, linewidth=1,
            )  # fmt: skip
            above = 7 if model == both[0] else -14  # the version under review above, others below their dot
            panel.annotate(model, (x.value, y.value), (7, above), textcoords="offset points", fontsize=9)
        panel.set_xlabel(side)
        panel.set_ylabel(accuracy)
        panel.margins(0.2)

    return draw("trade-off", (WIDTH, 3.2), fill)


def curve(name: str, points: Sequence[tuple[int, float]], best: int | None) -> Markup:
    """One value over epochs; the chosen epoch is marked."""

    def fill(figure: "Figure") -> None:
        panel = figure.subplots()
        marker = "o" if len(points) == 1 else ""
        panel.plot([step for step, _ in points], [value for _, value in points], color=ACCENT, marker=marker)
        if best:
            panel.axvline(best, color=DIM, linewidth=1, linestyle="--")
            panel.annotate(
                f"epoch {best}", (best, 1), (4, -12), xycoords=("data", "axes fraction"),
                textcoords="offset points", fontsize=9,
            )  # fmt: skip
        panel.set_xlabel("epoch")
        panel.locator_params(axis="x", integer=True)
        panel.locator_params(axis="y", nbins=4)

    return draw(f"curve-{name}", (WIDTH, 2.1), fill)


def curves(run: Mapping[str, Sequence[tuple[int, float]]], best: int | None) -> dict[str, Markup]:
    """Every curve of a run that has a point."""
    return {name: curve(name, points, best) for name, points in run.items() if points}
