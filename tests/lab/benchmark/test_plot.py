"""The picture of a benchmark shows every model where its numbers say."""

import numpy as np
import pytest
from matplotlib.container import ErrorbarContainer

from causalrec.lab.benchmark.plot import OURS, metric_panels
from causalrec.lab.benchmark.summary import BenchRow

TITLES = {"recall@20": "R@20", "random_auc": "random AUC"}


def row(model: str, bundle: str, mean: dict[str, float]) -> BenchRow:
    spread = dict.fromkeys(mean, 0.01)
    return BenchRow(bundle, "test", model, 2, mean, spread, {}, {}, 3.0, 1.0, 0.3, 100.0, 0.0, {})


def test_one_line_of_panels_per_bundle_and_one_dot_per_model() -> None:
    rows = [
        row("ours", "a", {"recall@20": 0.3, "random_auc": 0.6}),
        row("theirs", "a", {"recall@20": 0.2}),
        row("theirs", "b", {"random_auc": 0.5}),
    ]
    figure = metric_panels(rows, TITLES, "ours")
    panels = [panel for panel in figure.axes if panel.axison]
    assert [panel.get_title() for panel in panels] == [
        "a, test: R@20",
        "a, test: random AUC",
        "b, test: random AUC",
    ]
    first = panels[0]
    assert [label.get_text() for label in first.get_yticklabels()] == ["ours", "theirs"]
    bars = [bar for bar in first.containers if isinstance(bar, ErrorbarContainer)]
    dots = [bar.lines[0] for bar in bars]
    places = [np.asarray(dot.get_data()).ravel().tolist() for dot in dots]
    assert places == [[0.3, 0], [0.2, 1]]
    assert [dot.get_color() == OURS for dot in dots] == [True, False]
    low, high = bars[1].lines[2][0].get_segments()[0][:, 0]
    assert (low, high) == (pytest.approx(0.19), pytest.approx(0.21))
