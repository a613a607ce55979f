"""Every check of lists and model at its border: status, value, threshold and words."""

from collections.abc import Mapping
from types import MappingProxyType

import pytest

from causalrec.config.gate import GateSettings
from causalrec.registry.gate.checks import Check
from causalrec.registry.gate.comparison import Comparison, Measure
from causalrec.registry.gate.health import health
from causalrec.registry.gate.refuted import DIVERGED

GATE = GateSettings.model_validate(
    {
        "metric": "ndcg@20",
        "min_coverage": 0.25,
        "max_popularity_lift": 0.5,
        "min_overlap": 0.125,
        "max_latency_ms": 50.0,
        "min_debiased_users": 20,
        "max_refuter_change": 0.25,
        "refuters": [],
    }
)


Measures = Mapping[str, float | Measure]


def found(
    mine: Measures,
    gate: GateSettings = GATE,
    model: str = "causal",
    others: Mapping[str, Measures] = MappingProxyType({}),
) -> dict[str, tuple[object, ...]]:
    """Name of each check -> status, value, threshold and detail."""
    measures = {
        who: {name: Measure(value) if isinstance(value, float) else value for name, value in values.items()}
        for who, values in {model: mine, **others}.items()
    }
    checks = list(health(Comparison("data", "4", model, "test", None, measures), gate))
    return {check.name: rest(check) for check in checks}


def rest(check: Check) -> tuple[object, ...]:
    return check.status, check.value, check.threshold, check.detail


def test_what_was_not_measured_is_a_warning_or_no_check_at_all() -> None:
    assert found({}) == {
        "coverage": ("warn", None, 0.25, "coverage@20 was not measured"),
        "popularity lift": ("warn", None, 0.5, "popularity_lift@20 was not measured"),
        "latency": ("warn", None, 50.0, "latency was not measured"),
        "size": ("warn", None, 4096.0, "size was not measured"),
    }


@pytest.mark.parametrize(
    ("metric", "value", "name", "wanted"),
    [
        ("coverage@20", 0.25, "coverage", ("pass", 0.25, 0.25, "25.0% of the catalogue is shown")),
        ("coverage@20", 0.249, "coverage", ("fail", 0.249, 0.25, "24.9% of the catalogue is shown")),
        ("latency_ms", 50.0, "latency", ("pass", 50.0, 50.0, "50.00 ms per user, limit 50")),
        ("latency_ms", 50.5, "latency", ("warn", 50.5, 50.0, "50.50 ms per user, limit 50")),
        ("size_mb", 4096.0, "size", ("pass", 4096.0, 4096.0, "4,096.00 MB, limit 4,096")),
        ("size_mb", 4097.0, "size", ("warn", 4097.0, 4096.0, "4,097.00 MB, limit 4,096")),
    ],
)  # fmt: skip
def test_coverage_and_cost(metric: str, value: float, name: str, wanted: tuple[object, ...]) -> None:
    assert found({metric: value})[name] == wanted


@pytest.mark.parametrize(
    ("value", "status", "said"), [(0.5, "pass", "50.0% more"), (0.75, "warn", "75.0% more"),
                                  (0.0, "pass", "0.0% more"), (-0.25, "pass", "25.0% less")],
)  # fmt: skip
def test_popularity_lift(value: float, status: str, said: str) -> None:
    text = f"listed items are {said} popular than those in the histories"
    assert found({"popularity_lift@20": value})["popularity lift"] == (status, value, 0.5, text)


def drawn(users: float, support: float) -> dict[str, float | Measure]:
    return {"random_users": users, "dr_support@5": support}


def test_the_data_behind_the_debiased_metrics() -> None:
    alone = "no listed item was ever shown at random: only the outcome model speaks for them"
    doubly = GATE.model_copy(update={"debiased_metric": "dr_liked@5"})
    assert found(drawn(500.0, 0.0))["overlap"] == ("warn", 0.0, None, alone)
    assert found(drawn(500.0, 0.0), doubly)["overlap"] == ("fail", 0.0, None, alone)
    text = "users with a response, 0.50 of their listed items shown at random on average"
    assert found(drawn(20.0, 0.5))["overlap"] == ("pass", 20.0, 20, f"20 {text}")
    few = f"too little for a debiased metric: 19 {text}"
    assert found(drawn(19.0, 0.5), doubly)["overlap"] == ("warn", 19.0, 20, few)
    for lone in drawn(20.0, 0.5).items():
        assert "overlap" not in found(dict([lone]))


@pytest.mark.parametrize(
    ("looks", "weight", "status", "value", "threshold", "said"),
    [
        (30.0, 1.0, "pass", 30.0, 30.0, "30 random looks"),
        (29.0, 1.0, "warn", 29.0, 30.0, "29 random looks, too few to rely on"),
        (30.0, 1.5, "pass", 30.0, 30.0, "30 random looks"),
        (30.0, 1 / 1.5, "pass", 30.0, 30.0, "30 random looks"),
        (30.0, 1.6, "warn", 1.6, 1.5, "mean weight 1.60 instead of 1"),
        (30.0, 0.6, "warn", 0.6, 1.5, "mean weight 0.60 instead of 1"),
    ],
)
def test_the_value_of_the_lists(
    looks: float, weight: float, status: str, value: float, threshold: float, said: str
) -> None:
    mine: Measures = {
        "snips_liked@5": Measure(0.25, 0.125, 0.5),
        "ess_liked@5": looks,
        "weight_liked@5": weight,
    }
    got = found(mine, others={"champion": {"snips_liked@5": 0.75}})["off-policy value"]
    assert got[:3] == (status, value, threshold)
    assert said in str(got[3])
    assert "SNIPS 0.250 (0.125 to 0.500), the champion's 0.750; worth" in str(got[3])
    assert "0.500); worth" in str(found(mine)["off-policy value"][3])


@pytest.mark.parametrize("gone", ["snips_liked@5", "ess_liked@5", "weight_liked@5"])
def test_a_value_without_its_evidence_is_not_judged(gone: str) -> None:
    mine: Measures = {"snips_liked@5": Measure(0.25, 0.125, 0.5), "ess_liked@5": 99.0, "weight_liked@5": 1.0}
    assert "off-policy value" in found(mine)
    assert "off-policy value" not in found({name: mine[name] for name in mine if name != gone})
    for one_sided in (Measure(0.25, None, 0.5), Measure(0.25, 0.125, None)):
        assert "off-policy value" not in found({**mine, "snips_liked@5": one_sided})


def codes(count: float, perplexity: float, usage: float) -> dict[str, float | Measure]:
    return {"codebook_codes": count, "codebook_perplexity": perplexity, "codebook_usage": usage}


def test_the_spread_over_codes() -> None:
    at_border = found(codes(20.0, 2.0, 0.5))
    assert at_border["codebook perplexity"] == ("pass", 2.0, 2.0, "items spread over 2.0 of 20 coarse codes")
    assert at_border["codebook usage"] == ("pass", 0.5, 0.5, "50% of the coarse codes are in use")
    below = found(codes(20.0, 1.9, 0.49))
    assert below["codebook perplexity"] == ("fail", 1.9, 2.0, "items spread over 1.9 of 20 coarse codes")
    assert below["codebook usage"] == ("warn", 0.49, 0.5, "49% of the coarse codes are in use")
    assert found(codes(2.0, 1.0, 1.0))["codebook perplexity"][0] == "pass"
    single = found(codes(1.0, 1.0, 1.0))
    assert single["codebook perplexity"][:3] == ("warn", 1.0, None)
    assert "codebook usage" not in single
    for gone in codes(20.0, 2.0, 0.5):
        some = {name: value for name, value in codes(20.0, 2.0, 0.5).items() if name != gone}
        assert not {"codebook perplexity", "codebook usage"} & set(found(some))


@pytest.mark.parametrize(
    ("name", "change", "status", "threshold", "said"),
    [
        ("placebo_content", 0.25, "pass", 0.25,
         "with content replaced by noise, validation ndcg@20 changes by +25.0%"),
        ("shuffled_modality", 0.26, "fail", 0.25,
         "with content replaced by noise, validation ndcg@20 changes by +26.0%: the model gains from noise"),
        ("shuffled_codes", -0.9, "pass", 0.25,
         "with brands and categories of other items, validation ndcg@20 changes by -90.0%"),
        ("shuffled_evidence", -0.25, "pass", -0.25,
         "with responses dealt out to other looks, validation ndcg@20 changes by -25.0%"),
        ("shuffled_evidence", 0.5, "fail", -0.25,
         "with responses dealt out to other looks, validation ndcg@20 changes by +50.0%: "
         "the model ranks without evidence"),
        ("random_common_cause", 0.25, "pass", 0.25,
         "with random common cause, validation ndcg@20 changes by +25.0%"),
        ("random_common_cause", -0.25, "pass", 0.25,
         "with random common cause, validation ndcg@20 changes by -25.0%"),
        ("shuffled_policy", 0.26, "fail", 0.25,
         "with shuffled policy, validation ndcg@20 changes by +26.0%: it should not change"),
    ],
)  # fmt: skip
def test_refuters(name: str, change: float, status: str, threshold: float, said: str) -> None:
    gate = GATE.model_copy(update={"refuters": (name,)})
    ran: dict[str, Measures] = {f"refuter:{name}": {"relative_change": change}}
    assert found({}, gate, others=ran)[f"refuter {name}"] == (status, change, threshold, said)
    assert f"refuter {name}" not in found({}, gate, model="lightgcn", others=ran)


def test_every_refuter_has_its_line() -> None:
    gate = GATE.model_copy(update={"refuters": ("placebo_content", "shuffled_codes", "shuffled_policy")})
    ran: dict[str, Measures] = {
        "refuter:shuffled_codes": {"relative_change": DIVERGED},
        "refuter:shuffled_policy": {"relative_change": 0.0},
    }
    lines = {
        name: line[:3] for name, line in found({}, gate, others=ran).items() if name.startswith("refuter")
    }
    assert lines == {
        "refuter placebo_content": ("warn", None, None),
        "refuter shuffled_codes": ("fail", None, None),
        "refuter shuffled_policy": ("pass", 0.0, 0.25),
    }


def test_drift_from_the_champion() -> None:
    at_border = found({"champion_overlap@20": 0.125, "champion_score_psi": 0.25})
    kept = "12% of the champion's recommendations are kept"
    assert at_border["list drift"] == ("pass", 0.125, 0.125, kept)
    assert at_border["score drift"][:3] == ("pass", 0.25, 0.25)
    beyond = found({"champion_overlap@20": 0.0625, "champion_score_psi": 0.5})
    assert beyond["list drift"][:3] == ("warn", 0.0625, 0.125)
    assert beyond["score drift"] == (
        "warn", 0.5, 0.25,
        "population stability index 0.500 of standardised scores against the champion",
    )  # fmt: skip
