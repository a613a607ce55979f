"""A benchmark as a picture: per bundle and split one row of panels, one dot with its spread per model."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from causalrec.lab.benchmark.summary import BenchRow

WIDTH, LINE, FRAME = 4.2, 0.28, 1.1  # inches: a panel, a model, title and axis
OURS, OTHERS = "#ff725c", "#4269d0"


def metric_panels(rows: Sequence[BenchRow], titles: Mapping[str, str], reference: str) -> Figure:
    """Mean and standard deviation over seeds per model; the reference has its own colour and a line.

    Args:
        titles: metric -> title; a metric that a bundle and split has no value of leaves its panel out.
    """
    parts = list(dict.fromkeys((row.bundle, row.split) for row in rows))
    groups = [[row for row in rows if (row.bundle, row.split) == part] for part in parts]
    metrics = [[name for name in titles if any(name in row.mean for row in group)] for group in groups]
    columns = max([len(names) for names in metrics] + [1])
    heights = [FRAME + LINE * len(group) for group in groups]
    figure = Figure(figsize=(WIDTH * columns, sum(heights)), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(len(groups), columns, squeeze=False, height_ratios=heights)
    for line, group, names in zip(panels, groups, metrics, strict=True):
        for panel in line[len(names) :]:
            panel.set_axis_off()
        for panel, name in zip(line, names, strict=False):
            _panel(panel, [row for row in group if name in row.mean], name, reference)
            panel.set_title(f"{group[0].bundle}, {group[0].split}: {titles[name]}", fontsize=9)
    return figure


def _panel(panel: Axes, rows: Sequence[BenchRow], metric: str, reference: str) -> None:
    for place, row in enumerate(rows):
        colour = OURS if row.model == reference else OTHERS
        panel.errorbar(
            row.mean[metric], place, xerr=row.spread[metric], fmt="o", color=colour, capsize=3, markersize=4
        )
        if row.model == reference:
            panel.axvline(row.mean[metric], color=OURS, linewidth=0.8, linestyle="--", zorder=0)
    panel.set_yticks(range(len(rows)), [row.model for row in rows], fontsize=8)
    panel.tick_params(axis="x", labelsize=8)
    panel.set_ylim(len(rows) - 0.5, -0.5)
    panel.grid(axis="x", alpha=0.25)
