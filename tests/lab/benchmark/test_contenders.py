"""The line-up of the benchmark: every row is buildable, and differs from its model in what it says."""

import pytest

from causalrec.config import Settings
from causalrec.config.model import ModelName
from causalrec.errors import SettingsError
from causalrec.lab.benchmark.contenders import (
    ABLATIONS,
    CAUSAL,
    CONTENDERS,
    RIVALS,
    Contender,
    check_overrides,
    line_up,
)
from causalrec.lab.studies.variants import VARIANTS
from causalrec.training.factory import build_recommender
from causalrec.training.refuters import REFUTERS


def base(**variants: object) -> Settings:
    """Settings with every part on, so that each ablation has something to take away."""
    topology = {"user_affinity": 1.0, "item_affinity": 1.0}
    return Settings.model_validate({"bench": {"variants": variants}, "model": {"topology": topology}})


@pytest.mark.parametrize("name", CONTENDERS)
def test_every_row_can_be_built(name: str) -> None:
    contender = CONTENDERS[name]
    recommender = build_recommender(contender.settings(base()))
    assert recommender.name == contender.change["model.name"]
    assert contender.refuter in {"", *REFUTERS}


def test_every_model_has_a_row_and_no_two_rows_are_the_same() -> None:
    assert {row.change["model.name"] for row in RIVALS} == set(ModelName.__args__)  # type: ignore[attr-defined]
    made = [(row.settings(base()).model_dump_json(), row.refuter) for row in CONTENDERS.values()]
    assert len(set(made)) == len(made)


def test_an_ablation_changes_one_thing() -> None:
    whole = CONTENDERS[CAUSAL].settings(base()).model.model_dump()
    for row in ABLATIONS:
        part = row.settings(base()).model.model_dump()
        sections = {name for name in whole if whole[name] != part[name]}
        assert len(sections) + bool(row.refuter) == 1


def test_overrides_come_in_the_order_parent_change_own() -> None:
    settings = base(
        causal={"model.dim": 32, "model.backdoor.rho": 0.5},
        global_prior={"training.learning_rate": 0.1},
    )
    found = CONTENDERS["global_prior"].settings(settings)
    assert (found.model.dim, found.model.backdoor.rho, found.training.learning_rate) == (32, 1.0, 0.1)
    assert CONTENDERS["lightgcn"].settings(settings).model.dim == base().model.dim
    again = base(global_prior={"model.backdoor.rho": 0.9})
    assert CONTENDERS["global_prior"].settings(again).model.backdoor.rho == 0.9


@pytest.mark.parametrize(
    "path", ["model.nothing", "model", "model.backdoor", "paths.work", "dim", "training.seed.x"]
)
def test_a_path_that_is_no_setting_is_refused(path: str) -> None:
    with pytest.raises(SettingsError, match=f"there is no setting {path} of a model"):
        Contender("row", {path: 1}).settings(base())


def test_a_value_out_of_range_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"ease: setting model\.dim: .* greater than"):
        CONTENDERS["ease"].settings(base(ease={"model.dim": 0}))


def test_the_line_up_leaves_out_what_content_alone_would_tell_apart() -> None:
    def names(*named: str, ablations: bool, content: bool, dated: bool = True) -> list[str]:
        return [row.name for row in line_up(named, ablations=ablations, content=content, dated=dated)]

    assert names(ablations=False, content=True) == [row.name for row in RIVALS]
    assert set(names(ablations=False, content=True)) - set(names(ablations=False, content=False)) == {
        "content_knn", "vbpr", "vbpr_softmax",
    }  # fmt: skip
    undated = names(ablations=False, content=True, dated=False)
    assert undated == [row.name for row in RIVALS if row.name != "sasrec"]
    assert names("sasrec", "ease", ablations=False, content=True, dated=False) == ["ease"]
    assert names("vbpr", "ease", ablations=False, content=False) == ["vbpr", "ease"]
    bare = names("causal", "no_topology", ablations=True, content=False)
    assert bare == [
        "causal", "no_topology", "no_frontdoor", "hard_topology", "random_edges", "all_edges", "no_affinity",
        "random_common_cause",
    ]  # fmt: skip


def test_the_known_truth_study_means_the_same_by_the_same_name() -> None:
    shared = set(VARIANTS) & set(CONTENDERS)
    assert len(shared) > 8
    for name in shared:
        assert VARIANTS[name].settings(base().model) == CONTENDERS[name].settings(base()).model
        assert VARIANTS[name].refuter == CONTENDERS[name].refuter


def test_overrides_of_no_row_are_refused() -> None:
    with pytest.raises(SettingsError, match="nobody"):
        check_overrides(base(nobody={"model.dim": 8}))
    check_overrides(base(pd={"model.dim": 8}))
