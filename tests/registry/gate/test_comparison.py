"""Evaluations as rows and back."""

import datetime as dt
from pathlib import Path

import pytest

from causalrec.errors import RegistryError
from causalrec.lake import Lake
from causalrec.metrics.evaluate import MetricRow
from causalrec.registry.gate.checks import Check, Verdict, write_checks
from causalrec.registry.gate.comparison import CHAMPION, Comparison, Measure, read_comparison, rows_of

from ..shop import DS, replace_partition

MINE = [
    MetricRow("test", "ndcg", 20, 0.5, 0.25, 0.75),
    MetricRow("test", "size_mb", 0, 3.0),
    MetricRow("valid", "ndcg", 20, 0.125),
]


def test_rows_have_only_finite_values() -> None:
    odd = [MetricRow("test", "x", 0, value) for value in (float("nan"), float("inf"), float("-inf"))]
    assert rows_of("data", "4", "causal", [MINE[0], *odd]) == [
        {
            "dataset_id": "data", "model_version": "4", "model": "causal", "split": "test", "metric": "ndcg",
            "k": 20, "value": 0.5, "low": 0.25, "high": 0.75,
        }
    ]  # fmt: skip


def test_what_was_written_is_read(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    rows = rows_of("data", "4", "causal", MINE) + rows_of("other", "3", "causal", MINE)
    theirs = rows_of("data", "4", f"{CHAMPION}2", [MetricRow("test", "ndcg", 20, 0.375)])
    replace_partition(lake, "evaluations", DS, rows + theirs)
    assert read_comparison(lake, DS, "4", "causal") == Comparison(
        "data", "4", "causal", "test", "2",
        {
            "causal": {"ndcg@20": Measure(0.5, 0.25, 0.75), "size_mb": Measure(3.0)},
            "champion": {"ndcg@20": Measure(0.375)},
        },
    )  # fmt: skip
    found = read_comparison(lake, DS, "3", "causal")
    assert (found.dataset_id, found.champion) == ("other", None)
    assert found.value("causal", "ndcg@20") == 0.5
    assert found.value("causal", "ndcg@5") is None
    assert found.value("ease", "ndcg@20") is None
    with pytest.raises(RegistryError, match=r"version 5 has no evaluation for .* \(found: 3, 4\)"):
        read_comparison(lake, DS, "5", "causal")
    with pytest.raises(RegistryError, match="found: nothing"):
        read_comparison(lake, DS + dt.timedelta(days=1), "4", "causal")


def test_without_test_pairs_validation_decides(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    replace_partition(lake, "evaluations", DS, rows_of("data", "4", "causal", MINE[2:]))
    found = read_comparison(lake, DS, "4", "causal")
    assert (found.split, found.measures) == ("valid", {"causal": {"ndcg@20": Measure(0.125)}})


CHECKS = (
    Check("coverage", "pass", 0.5, 0.25, "wide"),
    Check("champion", "warn", 0.5, None, "close"),
    Check("size", "fail", None, 1.0, "large"),
    Check("latency", "fail", None, 1.0, "slow"),
)


def test_a_verdict_says_why_in_a_sentence() -> None:
    assert Verdict("reject", CHECKS).why == "large; slow"
    assert Verdict("promote", CHECKS[:2]).why == "close"
    assert Verdict("promote", CHECKS[:1]).why == "all checks passed"
    assert [Verdict("reject", CHECKS).count(one) for one in ("pass", "warn", "fail")] == [1, 1, 2]


def test_checks_keep_their_order_in_the_table(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    write_checks(lake, DS, "data", "4", "3", Verdict("reject", CHECKS))
    rows = lake.table("gate_checks").read().sort_by("position").to_pylist()
    assert [(row["position"], row["name"], row["status"]) for row in rows] == [
        (1, "coverage", "pass"), (2, "champion", "warn"), (3, "size", "fail"), (4, "latency", "fail"),
    ]  # fmt: skip
    common = {
        name: rows[0][name] for name in ("dataset_id", "model_version", "champion_version", "decision", "ds")
    }
    assert common == {
        "dataset_id": "data", "model_version": "4", "champion_version": "3", "decision": "reject", "ds": DS,
    }  # fmt: skip
    assert (rows[0]["value"], rows[0]["threshold"], rows[0]["detail"]) == (0.5, 0.25, "wide")
