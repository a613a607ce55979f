"""Every decision of the gate, by table."""

import pytest

from causalrec.config.sections import GateSettings
from causalrec.registry.comparison import Comparison, Measure
from causalrec.registry.gate import decide

GATE = GateSettings(metric="ndcg@20", max_relative_loss=0.02, min_coverage=0.1, max_popularity_lift=0.5)


def comparison(
    own: float = 0.2,
    champion: float | None = None,
    popularity: float = 0.1,
    ease: float = 0.15,
    coverage: float = 0.5,
    lift: float = 0.1,
    gain: tuple[float, float] | None = None,
) -> Comparison:
    mine = {
        "ndcg@20": Measure(own),
        "coverage@20": Measure(coverage),
        "popularity_lift@20": Measure(lift),
    }
    if gain is not None:
        mine["ndcg_gain@20"] = Measure(sum(gain) / 2, *gain)
    measures = {
        "causal": mine,
        "popularity": {"ndcg@20": Measure(popularity)},
        "ease": {"ndcg@20": Measure(ease)},
    }
    if champion is not None:
        measures["champion"] = {"ndcg@20": Measure(champion)}
    return Comparison("data", "4", "causal", "test", None if champion is None else "3", measures)


@pytest.mark.parametrize(
    ("found", "champion", "decision", "status"),
    [
        (comparison(), None, "promote", {}),
        (comparison(own=0.1), None, "reject", {"floor popularity": "fail", "floor ease": "warn"}),
        (comparison(own=0.12), None, "promote", {"floor ease": "warn"}),
        (comparison(champion=0.18), "3", "promote", {"champion": "pass"}),
        (comparison(champion=0.203), "3", "promote", {"champion": "pass"}),
        (comparison(champion=0.203, gain=(-0.005, -0.001)), "3", "promote", {"champion": "warn"}),
        (comparison(champion=0.21), "3", "reject", {"champion": "fail"}),
        (comparison(champion=0.2), "3", "keep", {"champion": "pass"}),
        (comparison(champion=0.18), "5", "reject", {"champion": "fail"}),
        (comparison(), "3", "reject", {"champion": "fail"}),
        (comparison(), "4", "keep", {"champion": "pass"}),
        (comparison(coverage=0.05), None, "reject", {"coverage": "fail"}),
        (comparison(lift=0.9), None, "promote", {"popularity lift": "warn"}),
    ],
)
def test_decisions(found: Comparison, champion: str | None, decision: str, status: dict[str, str]) -> None:
    verdict = decide(found, GATE, dataset_id="data", champion=champion)
    assert verdict.decision == decision
    got = {check.name: check.status for check in verdict.checks}
    for name in got:
        assert got[name] == status.get(name, "pass"), name


def test_other_evaluation_data_is_refused() -> None:
    verdict = decide(comparison(), GATE, dataset_id="other", champion=None)
    assert verdict.decision == "reject"
    assert verdict.why == "evaluated on dataset data, expected other"


def test_missing_metric_is_refused() -> None:
    empty = Comparison("data", "4", "causal", "test", None, {"causal": {}})
    assert decide(empty, GATE, dataset_id="data", champion=None).decision == "reject"


def test_reason_has_numbers() -> None:
    verdict = decide(comparison(champion=0.3, gain=(-0.2, -0.05)), GATE, dataset_id="data", champion="3")
    assert verdict.why == (
        "worse than the champion: ndcg@20 0.2000 beside 0.3000 of version 3 "
        "(difference 95 % [-0.2000, -0.0500])"
    )
