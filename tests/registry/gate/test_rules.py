"""Every decision of the gate, by table."""

from dataclasses import replace

import pytest

from causalrec.config.gate import GateSettings
from causalrec.registry.gate.comparison import Comparison, Measure
from causalrec.registry.gate.refuted import DIVERGED
from causalrec.registry.gate.rules import decide

GATE = GateSettings(metric="ndcg@20", max_relative_loss=0.02, min_coverage=0.1, max_popularity_lift=0.5)


def comparison(
    own: float = 0.2,
    champion: float | None = None,
    popularity: float = 0.1,
    ease: float = 0.15,
    coverage: float = 0.5,
    lift: float = 0.1,
    gain: tuple[float, float] | None = None,
    lead: tuple[float, float] | None = None,
    logged: float | None = None,
) -> Comparison:
    mine = {
        "ndcg@20": Measure(own),
        "coverage@20": Measure(coverage),
        "popularity_lift@20": Measure(lift),
        "random_ndcg@5": Measure(0.4),
        "latency_ms": Measure(2.0),
        "size_mb": Measure(10.0),
    }
    if gain is not None:
        mine["ndcg_gain@20"] = Measure(sum(gain) / 2, *gain)
    if lead is not None:
        mine["ndcg_over_popularity@20"] = Measure(sum(lead) / 2, *lead)
    if logged is not None:
        mine["logged_ndcg@20"] = Measure(logged)
    measures = {
        "causal": mine,
        "popularity": {"ndcg@20": Measure(popularity)},
        "ease": {"ndcg@20": Measure(ease)},
        "refuter:placebo_content": {"relative_change": Measure(-0.3)},
    }
    if champion is not None:
        measures["champion"] = {"ndcg@20": Measure(champion)}
    return Comparison("data", "4", "causal", "test", None if champion is None else "3", measures)


@pytest.mark.parametrize(
    ("found", "champion", "decision", "status"),
    [
        (comparison(), None, "promote", {}),
        (comparison(own=0.1), None, "reject", {"baseline popularity": "fail", "baseline ease": "warn"}),
        (comparison(own=0.12), None, "promote", {"baseline ease": "warn"}),
        (comparison(champion=0.18), "3", "promote", {"champion": "pass"}),
        (comparison(champion=0.203), "3", "promote", {"champion": "pass"}),
        (comparison(champion=0.203, gain=(-0.005, -0.001)), "3", "promote", {"champion": "warn"}),
        (comparison(champion=0.21), "3", "reject", {"champion": "fail"}),
        (comparison(champion=0.21, gain=(-0.02, 0.001)), "3", "reject", {"champion": "fail"}),
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


@pytest.mark.parametrize(
    ("found", "decision", "status", "detail"),
    [
        (
            comparison(own=0.09, lead=(-0.03, -0.001)),
            "reject",
            "fail",
            "ndcg@20 0.0900 <= 0.1000 of popularity ",
        ),
        (
            comparison(own=0.1, lead=(0.0, 0.0)),
            "reject",
            "fail",
            "ndcg@20 0.1000 <= 0.1000",
        ),  # it is the same
        (
            comparison(own=0.09, lead=(-0.03, 0.001)),
            "promote",
            "warn",
            "maybe by chance: ndcg@20 0.0900 <= 0.10",
        ),
        (
            comparison(own=0.09, logged=0.16),
            "promote",
            "pass",
            "logged_ndcg@20 0.1600 > 0.1000 of popularity",
        ),
        (
            comparison(own=0.2, logged=0.09, lead=(-0.03, -0.001)),
            "reject",
            "fail",
            "logged_ndcg@20 0.0900 <= 0.1",
        ),
    ],
)
def test_popularity_answers_the_question_of_logged_choices(
    found: Comparison, decision: str, status: str, detail: str
) -> None:
    """A version whose order is the response is compared by its ranking of what is chosen anyway."""
    verdict = decide(found, GATE, dataset_id="data", champion=None)
    check = next(check for check in verdict.checks if check.name == "baseline popularity")
    assert (verdict.decision, check.status) == (decision, status)
    assert check.detail.startswith(detail)


@pytest.mark.parametrize(
    ("found", "champion", "decision"),
    [
        (comparison(champion=0.2), "3", "promote"),  # exactly as good
        (comparison(champion=0.21), "3", "reject"),  # beyond the limit of 2 %, and no interval
        (comparison(champion=0.21, gain=(-0.02, -0.0042)), "3", "promote"),  # the limit may be kept
        (comparison(champion=0.21, gain=(-0.02, -0.0043)), "3", "reject"),  # it is not
        (comparison(), "4", "keep"),  # it is the champion
    ],
)
def test_a_champion_that_knows_the_erased_gives_way_to_an_equal(
    found: Comparison, champion: str, decision: str
) -> None:
    assert decide(found, GATE, dataset_id="data", champion=champion, outdated=True).decision == decision


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
        "worse than the champion: ndcg@20 0.2000 against 0.3000 of version 3 "
        "(difference 95 % [-0.2000, -0.0500])"
    )


def judged(found: Comparison, name: str, champion: str | None = None, gate: GateSettings = GATE) -> str:
    verdict = decide(found, gate, dataset_id="data", champion=champion)
    return next(check.status for check in verdict.checks if check.name == name)


def measured(found: Comparison, who: str = "causal", **values: float | Measure) -> Comparison:
    """``found`` with more measures; ``__`` stands for ``@``."""
    more = {
        name.replace("__", "@"): value if isinstance(value, Measure) else Measure(value)
        for name, value in values.items()
    }
    measures = {**found.measures, who: {**found.measures.get(who, {}), **more}}
    return replace(found, measures=measures)


@pytest.mark.parametrize(
    ("theirs", "gain", "status"),
    [
        (0.41, Measure(-0.01, -0.05, 0.03), "pass"),  # the interval holds zero
        (0.405, Measure(-0.005, -0.008, -0.002), "warn"),  # surely worse, within the tolerated loss
        (0.5, Measure(-0.1, -0.15, -0.05), "fail"),
        (0.3, Measure(0.1, 0.05, 0.15), "pass"),
    ],
)
def test_debiased_metric_is_compared_by_its_paired_interval(
    theirs: float, gain: Measure, status: str
) -> None:
    found = measured(comparison(champion=0.18), random_ndcg_gain__5=gain)
    found = measured(found, "champion", random_ndcg__5=theirs)
    assert judged(found, "debiased", champion="3") == status


@pytest.mark.parametrize(
    ("users", "support", "debiased", "status"),
    [
        (20, 0.4, "random_ndcg@5", "pass"),
        (19, 0.4, "random_ndcg@5", "warn"),
        (500, 0.0, "random_ndcg@5", "warn"),
        (500, 0.0, "dr_liked@5", "fail"),
    ],
)
def test_what_the_debiased_metrics_rest_on(users: int, support: float, debiased: str, status: str) -> None:
    found = comparison()
    found.measures["causal"] |= {
        "random_users": Measure(users),
        "dr_support@5": Measure(support),
        "dr_liked@5": Measure(0.1),
    }
    settings = GATE.model_copy(update={"debiased_metric": debiased, "min_debiased_users": 20})
    checks = {check.name: check for check in decide(found, settings, dataset_id="data", champion=None).checks}
    assert checks["overlap"].status == status


def test_without_random_exposure_the_person_is_told() -> None:
    found = comparison()
    del found.measures["causal"]["random_ndcg@5"]
    assert judged(found, "debiased") == "warn"


@pytest.mark.parametrize(
    ("codes", "perplexity", "usage", "expected"),
    [
        (32, 20.0, 0.9, ("pass", "pass")),
        (32, 20.0, 0.4, ("pass", "warn")),
        (32, 1.0, 1 / 32, ("fail", "warn")),  # all mass on one code
    ],
)
def test_a_collapsed_codebook_is_refused(
    codes: float, perplexity: float, usage: float, expected: tuple[str, str]
) -> None:
    found = measured(comparison(), codebook_codes=codes, codebook_perplexity=perplexity, codebook_usage=usage)
    assert (judged(found, "codebook perplexity"), judged(found, "codebook usage")) == expected


def test_one_code_by_construction_is_said() -> None:
    found = measured(comparison(), codebook_codes=1, codebook_perplexity=1.0, codebook_usage=1.0)
    assert judged(found, "codebook perplexity") == "warn"


@pytest.mark.parametrize(
    ("name", "change", "status"),
    [
        ("placebo_content", -0.4, "pass"),
        ("placebo_content", 0.3, "fail"),
        ("random_common_cause", 0.05, "pass"),
        ("random_common_cause", -0.2, "fail"),
        ("shuffled_codes", -0.4, "pass"),
        ("shuffled_codes", 0.2, "fail"),
        ("shuffled_evidence", -0.4, "pass"),
        ("shuffled_evidence", -0.05, "fail"),
        ("shuffled_policy", 0.05, "pass"),
        ("shuffled_policy", -0.2, "fail"),
    ],
)
def test_refuters(name: str, change: float, status: str) -> None:
    gate = GateSettings.model_validate({"refuters": [name], "max_refuter_change": 0.1})
    found = measured(comparison(), f"refuter:{name}", relative_change=change)
    assert judged(found, f"refuter {name}", gate=gate) == status


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("placebo_content", 0.3, ": the model gains from noise"),
        ("placebo_content", -0.4, "changes by -40.0%"),
        ("shuffled_evidence", -0.05, ": the model ranks without evidence"),
        ("shuffled_evidence", -0.4, "changes by -40.0%"),
        ("shuffled_policy", -0.2, ": it should not change"),
        ("shuffled_policy", 0.05, "changes by +5.0%"),
    ],
)
def test_a_refuter_says_what_is_wrong_only_where_something_is(name: str, change: float, said: str) -> None:
    gate = GateSettings.model_validate({"refuters": [name], "max_refuter_change": 0.1})
    found = measured(comparison(), f"refuter:{name}", relative_change=change)
    checks = decide(found, gate, dataset_id="data", champion=None).checks
    (check,) = [check for check in checks if check.name == f"refuter {name}"]
    assert check.detail.endswith(said)


def test_a_refuter_that_diverged_fails_by_name() -> None:
    found = measured(comparison(), "refuter:placebo_content", relative_change=DIVERGED)
    verdict = decide(found, GATE, dataset_id="data", champion=None)
    (check,) = [check for check in verdict.checks if check.status == "fail"]
    assert (check.name, check.value) == ("refuter placebo_content", None)
    assert check.detail == "the training of placebo_content diverged"


def test_refuters_that_were_not_run_are_said() -> None:
    found = comparison()
    del found.measures["refuter:placebo_content"]
    assert judged(found, "refuter placebo_content") == "warn"


def test_drift_from_the_champion_and_cost_warn() -> None:
    found = measured(
        comparison(champion=0.18), champion_overlap__20=0.05, champion_score_psi=0.4, latency_ms=1_000.0
    )
    verdict = decide(found, GATE, dataset_id="data", champion="3")
    warned = {check.name for check in verdict.checks if check.status == "warn"}
    assert warned == {"list drift", "score drift", "latency"}
    assert verdict.decision == "promote"


def whole(
    found: Comparison, name: str, champion: str | None = None, *, outdated: bool = False
) -> tuple[str, float | None, float | None, str]:
    """Status, value, threshold and detail of one check."""
    verdict = decide(found, GATE, dataset_id="data", champion=champion, outdated=outdated)
    (check,) = [check for check in verdict.checks if check.name == name]
    return check.status, check.value, check.threshold, check.detail


@pytest.mark.parametrize("baseline", ["popularity", "ease"])
def test_a_baseline_at_its_border(baseline: str) -> None:
    below = {"popularity": "fail", "ease": "warn"}[baseline]
    name, text = f"baseline {baseline}", f"of {baseline}"
    equal = measured(comparison(), baseline, ndcg__20=0.2)
    assert whole(equal, name) == (below, 0.2, 0.2, f"ndcg@20 0.2000 <= 0.2000 {text}")
    better = measured(comparison(), baseline, ndcg__20=0.125)
    assert whole(better, name) == ("pass", 0.2, 0.125, f"ndcg@20 0.2000 > 0.1250 {text}")
    alone = replace(comparison(), measures={"causal": comparison().measures["causal"]})
    why = {"ease": " (the catalogue is too large for it)"}.get(baseline, "")
    assert whole(alone, name) == (below, 0.2, None, f"the {baseline} baseline was not measured{why}")
    itself = replace(comparison(), model=baseline)
    itself.measures[baseline] = {"ndcg@20": Measure(0.2)}
    assert whole(itself, name) == ("pass", 0.2, 0.2, f"the challenger is the {baseline} baseline itself")


def test_the_champion_in_numbers_and_words() -> None:
    def one(found: Comparison, champion: str | None = "3", *, outdated: bool = False) -> tuple[object, ...]:
        return whole(found, "champion", champion, outdated=outdated)

    assert one(comparison(), None) == ("pass", 0.2, None, "there is no champion yet")
    assert one(comparison(), "4") == ("pass", 0.2, None, "it is already the champion")
    text = "champion is version 5, the evaluation compared with"
    assert one(comparison(champion=0.1), "5") == ("fail", 0.2, None, f"{text} 3")
    assert one(comparison(), "5") == ("fail", 0.2, None, f"{text} none")
    unmeasured = replace(comparison(), champion="3")
    assert one(unmeasured) == ("fail", 0.2, None, "ndcg@20 of the champion was not measured")
    same = "the same as the champion: ndcg@20 0.0000 against 0.0000 of version 3"
    assert one(comparison(own=1e-12, champion=0.0)) == ("pass", 1e-12, 0.0, same)
    assert one(comparison(own=2e-12, champion=0.0))[3] == same.removeprefix("the same as the champion: ")
    lost = comparison(champion=0.25, gain=(-0.1, -0.02))
    text = "ndcg@20 0.2000 against 0.2500 of version 3 (difference 95 % [-0.1000, -0.0200])"
    assert one(lost) == ("fail", 0.2, pytest.approx(0.245), f"worse than the champion: {text}")
    maybe = comparison(champion=0.25, gain=(-0.1, -0.004))
    text = text.replace("0.0200", "0.0040")
    assert one(maybe)[0] == "fail"
    assert one(maybe, outdated=True) == ("warn", 0.2, pytest.approx(0.245), f"worse, maybe by chance: {text}")


@pytest.mark.parametrize(
    ("champion", "gain", "status"),
    [
        (0.25, 0.0, "pass"),  # a zero in the interval is no sure loss
        (0.25, -0.001, "warn"),
    ],
)
def test_a_loss_within_the_limit_is_sure_below_zero(champion: float, gain: float, status: str) -> None:
    found = comparison(own=champion * 0.98, champion=champion, gain=(-0.01, gain))
    assert whole(found, "champion", "3")[:3] == (status, champion * 0.98, champion * 0.98)


def test_half_an_interval_is_none() -> None:
    for half in (Measure(-0.1, None, -0.01), Measure(-0.1, -0.2, None)):
        found = measured(comparison(champion=0.203), ndcg_gain__20=half)
        assert "difference" not in whole(found, "champion", "3")[3]
    assert judged(measured(comparison(champion=0.203), ndcg_gain__20=half), "champion", "3") == "pass"


def test_the_debiased_comparison_in_numbers_and_words() -> None:
    def one(theirs: float | None, gain: Measure | None, champion: str | None = "3") -> tuple[object, ...]:
        found = comparison(champion=0.18)
        if theirs is not None:
            found = measured(found, "champion", random_ndcg__5=theirs)
        return whole(
            found if gain is None else measured(found, random_ndcg_gain__5=gain), "debiased", champion
        )

    alone = "random_ndcg@5 0.4000; no champion to compare with"
    assert one(None, None) == ("pass", 0.4, None, alone)
    assert one(0.5, None, None) == ("pass", 0.4, None, alone)
    assert one(0.5, None, "4") == ("pass", 0.4, None, alone)
    text = "random_ndcg@5 0.4000 against 0.5000 of version 3"
    for untested in (None, Measure(0.0, None, 0.1), Measure(0.0, -0.1, None)):
        assert one(0.5, untested) == ("warn", 0.4, 0.5, f"{text}; not tested for significance")
    told = f"{text} (difference 95 % [-0.1500, +0.0000])"
    assert one(0.5, Measure(-0.1, -0.15, 0.0)) == ("pass", 0.4, pytest.approx(0.49), told)
    told = f"significantly worse without bias: {text} (difference 95 % [-0.1500, -0.0500])"
    assert one(0.5, Measure(-0.1, -0.15, -0.05)) == ("fail", 0.4, pytest.approx(0.49), told)
    border = 0.4 / 0.98
    assert border * (1 - GATE.max_relative_loss) == 0.4
    assert one(border, Measure(-0.1, -0.15, -0.05))[:3] == ("warn", 0.4, 0.4)


def test_a_debiased_metric_without_a_cut() -> None:
    gate = GATE.model_copy(update={"debiased_metric": "random_auc"})
    found = measured(comparison(champion=0.18), random_auc=0.75, random_auc_gain=Measure(-0.1, -0.2, -0.1))
    found = measured(found, "champion", random_auc=0.9)
    assert judged(found, "debiased", "3", gate) == "fail"


def test_the_data_are_named_whether_the_same_or_not() -> None:
    assert whole(comparison(), "same data") == ("pass", None, None, "evaluated on dataset data")


def test_equal_is_kept_and_a_hair_better_is_promoted() -> None:
    for own, decision in ((0.0, "keep"), (1e-12, "keep"), (2e-12, "promote")):
        found = comparison(own, champion=0.0, popularity=-1.0)
        assert decide(found, GATE, dataset_id="data", champion="3").decision == decision
