"""A search on a small shop: what it tries, when it ends, and that it goes on where it was."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from causalrec.config import Settings
from causalrec.dataset.arrays import Interactions
from causalrec.errors import TrainingError
from causalrec.lab.tuning.search import Trial, choices, epoch_value, tune
from causalrec.model.causal.recommender import CausalRecommender
from causalrec.model.rivals.ials import IalsRecommender
from tests.model.causal.response.conftest import with_looks
from tests.model.conftest import make_toy

pytestmark = pytest.mark.slow

SPACE = {"model.ials.unobserved": (0.1, 1.0), "model.ials.ridge": (0.01,)}


@pytest.fixture
def settings() -> Settings:
    ials = {"sweeps": 2, "judge_every": 1, "unobserved": 0.3, "ridge": 0.01}
    return Settings.model_validate({"model": {"name": "ials", "dim": 4, "ials": ials}})


@pytest.fixture(autouse=True)
def small_space(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(IalsRecommender, "space", SPACE)
    monkeypatch.setattr(IalsRecommender, "starts", ({"model.ials.unobserved": 1.0, "model.dim": 8},))


def shop() -> Interactions:
    rng = np.random.default_rng(0)
    chance = np.where(np.arange(40)[:, None] % 2 == np.arange(16)[None] % 2, 0.6, 0.05)
    pairs = np.array((rng.random((40, 16)) < chance).nonzero(), dtype=np.int32)
    pairs = pairs[:, rng.permutation(pairs.shape[1])]
    return Interactions(40, 16, pairs[:, 40:], pairs[:, :40], np.empty((2, 0), np.int32))


def test_the_present_values_are_the_first_of_the_space(settings: Settings) -> None:
    assert choices(settings, shop()) == {
        "model.ials.unobserved": (0.3, 0.1, 1.0),
        "model.ials.ridge": (0.01,),
    }


def test_a_small_space_is_tried_whole_and_the_best_is_kept(settings: Settings, tmp_path: Path) -> None:
    ended: list[Trial] = []
    found = tune(shop(), settings, 5.0, tmp_path / "trials.db", on_trial=ended.append)
    tried = {trial.change["model.ials.unobserved"] for trial in found.trials}
    assert tried == {0.3, 0.1, 1.0}
    assert [trial.change["model.ials.unobserved"] for trial in found.trials[:2]] == [0.3, 1.0]
    assert found.before == found.trials[0].value
    values = [trial.value for trial in found.trials if trial.state == "complete" and trial.value is not None]
    assert found.value == max(values)
    assert found.before is not None
    assert found.value >= found.before
    assert [trial.number for trial in ended] == [trial.number for trial in found.trials]


def test_a_finished_search_is_not_made_again(settings: Settings, tmp_path: Path) -> None:
    first = tune(shop(), settings, 5.0, tmp_path / "trials.db")
    again = tune(shop(), settings, 5.0, tmp_path / "trials.db")
    assert again == first


def test_other_data_are_another_search(settings: Settings, tmp_path: Path) -> None:
    data = shop()
    tune(data, settings, 5.0, tmp_path / "trials.db")
    fewer = Interactions(40, 16, data.train[:, 5:], data.valid, data.test)
    ended: list[Trial] = []
    tune(fewer, settings, 5.0, tmp_path / "trials.db", on_trial=ended.append)
    assert ended


def test_a_budget_that_ends_before_the_first_trial_is_an_error(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="no trial finished"):
        tune(shop(), settings, 1e-9, tmp_path / "trials.db")


def test_nothing_to_choose_on_is_an_error(settings: Settings, tmp_path: Path) -> None:
    data = shop()
    bare = Interactions(40, 16, data.train, data.test, data.test)
    with pytest.raises(TrainingError, match="no validation pairs"):
        tune(bare, settings, 1.0, tmp_path / "trials.db")


def test_only_validated_epochs_have_a_value() -> None:
    assert epoch_value({"recall@20": 0.25, "ndcg@20": 0.5}, "recall@20+ndcg@20") == 0.75
    assert epoch_value({"valid": 0.3, "seconds": 1.0}, "recall@20") == 0.3
    assert epoch_value({"loss": 1.0}, "recall@20") is None


def test_looks_lead_to_another_space_and_are_judged_on_what_chance_showed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CausalRecommender, "response_space", {"model.response.half_life": (0.0, 7.0)})
    response = {"sweeps": 8, "dim": 3, "columns": 8, "content": False, "codes": False}
    base = Settings.model_validate({"model": {"response": response, "content": {"enabled": False}}})
    data = with_looks(make_toy(users=24, items=12))
    users, items = (part.ravel() for part in np.indices((24, 12)))
    shown = np.stack([users, items, users % 3 == items % 3]).astype(np.float32)
    found = tune(replace(data, random_exposure=shown), base, 5.0, tmp_path / "trials.db")
    assert {trial.change["model.response.half_life"] for trial in found.trials} == {0.0, 7.0}
    assert found.metric == "auc on uniform exposure"
    assert found.value > 0.5
    assert "model.dim" in choices(base, replace(data, looks=None))
