"""What the figures of a run show, read back from their axes."""

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from causalrec.registry.plots import learning_curve, metric_bars


def test_a_panel_per_metric_with_the_chosen_epoch() -> None:
    history = [{"loss": 3.0, "seconds": 9.0}, {"loss": 2.0, "ndcg@20": 0.25}, {"loss": 1.0, "ndcg@20": 0.5}]
    figure = learning_curve([{"loss": 3.0, "ndcg@20": 0.125, "seconds": 9.0}, *history[1:]], 2)
    first, second = figure.axes
    assert [panel.get_ylabel() for panel in figure.axes] == ["loss", "ndcg@20"]
    assert [panel.get_xlabel() for panel in figure.axes] == ["", "epoch"]
    assert tuple(figure.get_size_inches()) == (7.0, 4.4)
    curve, chosen = first.lines
    assert np.array(curve.get_data()).tolist() == [[1, 2, 3], [3.0, 2.0, 1.0]]
    assert np.array(chosen.get_xdata()).tolist() == [2, 2]
    assert first.xaxis.get_gridlines()[0].get_visible()
    assert curve.get_color() != second.lines[0].get_color()
    (only,) = learning_curve(history, 1).axes  # by what the first epoch measured
    assert np.array(only.lines[0].get_data()).tolist() == [[1, 2, 3], [3.0, 2.0, 1.0]]


def test_epochs_without_a_metric_are_left_out() -> None:
    figure = learning_curve([{"a": 1.0}, {}, {"a": 3.0}], 3)
    assert np.array(figure.axes[0].lines[0].get_data()).tolist() == [[1, 3], [1.0, 3.0]]


def test_many_metrics_each_have_a_panel() -> None:
    assert len(learning_curve([dict.fromkeys("abcdefg", 1.0)], 1).axes) == 7


def test_without_a_history_there_is_an_empty_panel() -> None:
    figure = learning_curve([], 0)
    (panel,) = figure.axes
    assert (len(panel.lines), panel.get_xlabel()) == (0, "epoch")
    assert tuple(figure.get_size_inches()) == (7.0, 2.2)


def test_bars_by_model_in_their_order() -> None:
    figure = metric_bars({"a": {"x": 0.25, "y": 1.0}, "b": {"x": 0.5}}, ["x", "y"])
    left, right = figure.axes
    assert [panel.get_title() for panel in figure.axes] == ["x", "y"]
    assert [bar.get_width() for bar in left.patches if isinstance(bar, Rectangle)] == [0.25, 0.5]
    assert [text.get_text() for text in left.get_yticklabels()] == ["a", "b"]
    assert [text.get_text() for text in left.texts] == ["0.2500", "0.5000"]
    assert [text.get_text() for text in right.get_yticklabels()] == ["a"]
    assert left.get_xlim() == pytest.approx((0, 0.65))
    assert left.yaxis_inverted()
    assert left.get_position().x0 < right.get_position().x0
    assert metric_bars({"a": {"x": 0.0}}, ["x"]).axes[0].get_xlim() == pytest.approx((0, 1.3e-9), abs=1e-12)
