"""Summaries of cells whose values are chosen, so that the answer is known."""

import numpy as np

from causalrec.lab.benchmark.cells import CellResult
from causalrec.lab.benchmark.summary import summarise


def cell(model: str, seed: int, recall: list[float], auc: list[float] | None = None) -> CellResult:
    users = {"recall@20": np.array(recall)} | ({} if auc is None else {"random_auc": np.array(auc)})
    metrics = {name: float(values.mean()) for name, values in users.items()}
    return CellResult(
        model,
        seed,
        3,
        2,
        6.0,
        2.0,
        100.0,
        0.0,
        {"r2/ridge/image": seed / 4},
        {"test": metrics},
        {"test": users},
    )


def test_means_spreads_and_paired_tests() -> None:
    better, worse = [1.0] * 30 + [0.0] * 10, [0.0] * 30 + [0.0] * 10
    rows = summarise(
        "b",
        "test",
        [
            cell("ours", 1, better, [0.6] * 5),
            cell("ours", 2, [1.0] * 40, [0.6] * 5),
            cell("theirs", 1, worse, [0.6] * 5),
            cell("bare", 1, better),
        ],
        "ours",
    )
    ours, theirs, bare = rows
    assert (ours.seeds, theirs.seeds) == (2, 1)
    assert ours.mean["recall@20"] == 0.875
    assert np.isclose(ours.spread["recall@20"], np.std([0.75, 1.0], ddof=1))
    assert ours.p_values == {}
    assert ours.findings == {"r2/ridge/image": 0.375}
    assert theirs.differences == {"recall@20": 0.875, "random_auc": 0.0}
    assert theirs.p_values["recall@20"] < 0.001
    assert theirs.p_values["random_auc"] == 1.0
    assert set(bare.p_values) == {"recall@20"}


def test_without_the_reference_there_is_no_test() -> None:
    (row,) = summarise("b", "test", [cell("theirs", 1, [1.0, 0.0])], "ours")
    assert row.p_values == {}


def test_a_metric_that_one_seed_could_not_give_is_left_out() -> None:
    """Calibration needs both outcomes in each half of the users; a mean over fewer seeds would mislead."""
    with_both = cell("ours", 1, [1.0, 0.0], [0.5, 0.7])
    (row,) = summarise("b", "test", [with_both, cell("ours", 2, [1.0, 1.0])], "ours")
    assert row.mean == {"recall@20": 0.75}
    (turned,) = summarise("b", "test", [cell("ours", 2, [1.0, 1.0]), with_both], "ours")
    assert turned.mean == {"recall@20": 0.75}
