"""Figures of a run: the learning curve, and the metrics against the baselines."""

from collections.abc import Mapping, Sequence

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

SIZE = (7.0, 3.6)  # inches
COLOURS = ("#4269d0", "#efb118", "#ff725c", "#6cc5b0", "#9c6b4e")


def learning_curve(history: Sequence[Mapping[str, float]], best_epoch: int) -> Figure:
    """One panel per metric over epochs; the chosen epoch is marked."""
    names = [name for name in history[0] if name != "seconds"] if history else []
    figure = Figure(figsize=(SIZE[0], 2.2 * max(len(names), 1)), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(max(len(names), 1), 1, squeeze=False)[:, 0]
    for panel, name, colour in zip(panels, names, COLOURS * len(names), strict=False):
        points = [(step, row[name]) for step, row in enumerate(history, 1) if name in row]
        panel.plot([step for step, _ in points], [value for _, value in points], color=colour)
        panel.axvline(best_epoch, color="grey", linewidth=0.8, linestyle="--")
        panel.set_ylabel(name)
        panel.grid(alpha=0.25)
    panels[-1].set_xlabel("epoch")
    return figure


def metric_bars(values: Mapping[str, Mapping[str, float]], metrics: Sequence[str]) -> Figure:
    """Grouped horizontal bars: model -> metric -> value."""
    figure = Figure(figsize=SIZE, layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(1, len(metrics), squeeze=False)[0]
    for panel, metric in zip(panels, metrics, strict=True):
        models = [model for model in values if metric in values[model]]
        heights = [values[model][metric] for model in models]
        bars = panel.barh(range(len(models)), heights, color=COLOURS[: len(models)])
        panel.bar_label(bars, fmt="%.4f", padding=3)
        panel.set_yticks(range(len(models)), models)
        panel.set_xlim(0, max([*heights, 1e-9]) * 1.3)
        panel.invert_yaxis()
        panel.set_title(metric)
    return figure
