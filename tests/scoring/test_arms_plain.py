"""Who is served with which version and settings, without a night."""

import datetime as dt
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from causalrec.config import Settings
from causalrec.config.experiment import CONTROL, ExperimentSettings
from causalrec.registry.versions import TRAINED_ON, ModelVersion
from causalrec.scoring import arm_night
from causalrec.scoring import arms as serving
from causalrec.scoring.arm_night import _index, _recall, _sizes, user_rows
from causalrec.scoring.arms import (
    ServedArm,
    arms_inputs,
    experiment_input,
    scoring_inputs,
    served_arms,
    served_settings,
    waiting_note,
)
from causalrec.scoring.sampled import _sample_of
from causalrec.scoring.score import _told
from tests.registry.shop import DS, settings_in

BEFORE, AFTER = DS - dt.timedelta(days=1), DS + dt.timedelta(days=8)
PLAIN = settings_in(Path("/nowhere"))
CHAMPION = ModelVersion("shop", "1", "r", "")
LAKE: Any = None


def compared(**arms: dict[str, Any]) -> Settings:
    chosen = ExperimentSettings.model_validate(
        {"name": "x", "start": DS, "end": DS + dt.timedelta(days=7), "arms": arms}
    )
    return PLAIN.model_copy(update={"experiment": chosen})


BOTH = compared(
    new={"share": 0.25, "model": "2"}, rules={"share": 0.25, "model": "champion", "scoring": {"k": 7}}
)


def test_settings_of_everybody_who_is_served() -> None:
    assert [one.k for one in served_settings(BOTH, DS)] == [5, 5, 7]
    assert [one.k for one in served_settings(BOTH, AFTER)] == [5]
    assert served_settings(PLAIN, DS) == [PLAIN.scoring]
    assert set(scoring_inputs(BOTH, DS)) == {"scoring"}
    more = PLAIN.model_copy(update={"scoring": PLAIN.scoring.model_copy(update={"k": 6})})
    assert scoring_inputs(more, DS) != scoring_inputs(PLAIN, DS)


def test_the_experiment_is_an_input_while_it_runs() -> None:
    assert (
        experiment_input(BOTH, BEFORE) == experiment_input(BOTH, AFTER) == experiment_input(PLAIN, DS) == {}
    )
    found = experiment_input(BOTH, DS)
    assert (list(found), len(found["experiment"])) == (["experiment"], 64)
    other = BOTH.model_copy(update={"experiment": BOTH.experiment.model_copy(update={"salt": "y"})})
    assert experiment_input(other, DS) != found


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> dict[str, ModelVersion]:
    """Versions by number, and those that hold an alias."""
    held = {"2": ModelVersion("shop", "2", "r", "")}

    def by_alias(client: None, settings: Settings, alias: str) -> ModelVersion | None:
        return held.get(alias)

    monkeypatch.setattr(serving, "needed_champion", lambda settings, lake: CHAMPION)
    monkeypatch.setattr(serving, "connect", lambda settings: None)
    monkeypatch.setattr(serving, "by_number", lambda client, settings, number: held[number])
    monkeypatch.setattr(serving, "by_alias", by_alias)
    monkeypatch.setattr(serving, "champion_number", lambda settings, lake: "1")
    return held


def test_arms_in_order_with_their_own_settings(registry: dict[str, ModelVersion]) -> None:
    found = served_arms(BOTH, LAKE, DS)
    assert [(one.name, one.version.version, one.scoring.k, one.policy) for one in found] == [
        (CONTROL, "1", 5, f"causalrec:x:{CONTROL}"), ("new", "2", 5, "causalrec:x:new"),
        ("rules", "1", 7, "causalrec:x:rules"),
    ]  # fmt: skip
    assert arms_inputs(BOTH, LAKE, DS)["arms"] == f"{CONTROL} 1, new 2, rules 1"
    assert served_arms(BOTH, LAKE, AFTER) == [ServedArm(CONTROL, CHAMPION, BOTH.scoring)]
    assert served_arms(BOTH, LAKE, AFTER)[0].policy == "causalrec"
    assert arms_inputs(BOTH, LAKE, AFTER) == {}
    assert waiting_note(BOTH, found, DS) == ""


@pytest.mark.parametrize("alias", ["challenger", "experiment"])
def test_an_arm_that_waits_for_its_version(alias: str, registry: dict[str, ModelVersion]) -> None:
    settings = compared(new={"share": 0.5, "model": alias})
    alone = served_arms(settings, LAKE, DS)
    assert [(one.name, one.policy) for one in alone] == [(CONTROL, "causalrec")]
    assert waiting_note(settings, alone, DS).startswith("experiment x waits for the version of an arm: ")
    assert waiting_note(settings, alone, AFTER) == ""
    registry["experiment" if alias == "challenger" else "challenger"] = CHAMPION
    assert len(served_arms(settings, LAKE, DS)) == 1
    registry[alias] = ModelVersion("shop", "3", "r", "")
    assert [one.version.version for one in served_arms(settings, LAKE, DS)] == ["1", "3"]


def test_without_a_champion_the_arms_are_no_input(
    registry: dict[str, ModelVersion], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "champion_number", lambda settings, lake: "")
    assert list(arms_inputs(BOTH, LAKE, DS)) == ["experiment"]


def test_versions_that_know_what_came_later_are_told() -> None:
    def served(name: str, number: str, trained: str) -> ServedArm:
        tags = {TRAINED_ON: trained} if trained else {}
        return ServedArm(name, ModelVersion("shop", number, "r", "", tags), PLAIN.scoring)

    arms = [served(CONTROL, "1", "2026-03-02"), served("new", "2", "2026-03-01"), served("old", "3", "")]
    assert _told(arms, DS) == (
        "champion version 1, which was trained later, on 2026-03-02; arm new version 2; arm old version 3"
    )


def texts(*ids: str) -> Any:  # noqa: ANN401 - arrays of ids
    return np.array(ids, dtype=object)


def test_a_sample_is_the_same_on_every_call_and_in_the_order_of_the_users() -> None:
    everybody = texts(*(f"u{n}" for n in range(50)))
    few = _sample_of(everybody, 10)
    assert few.size == 10
    assert few.tolist() == [one for one in everybody if one in set(few)]
    assert set(few) < set(_sample_of(everybody, 11))
    assert set(_sample_of(everybody[::-1], 10)) == set(few)
    assert _sample_of(everybody, 99).tolist() == everybody.tolist()


def test_users_with_their_rows() -> None:
    package: Any = SimpleNamespace(rows_of=lambda ids: np.arange(ids.size, dtype=np.int32) - 1)
    dataset: Any = SimpleNamespace(user_ids=texts("u", "v"))
    assert user_rows(package, dataset).to_pylist() == [
        {"user_id": "u", "user_row": -1}, {"user_id": "v", "user_row": 0},
    ]  # fmt: skip


def test_an_index_only_for_very_large_catalogues(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arm_night, "build_index", lambda states, probes, seed: (len(states), probes, seed))
    monkeypatch.setattr(arm_night, "boosted", lambda catalogue: catalogue)
    catalogue: Any = SimpleNamespace(states=np.zeros((4, 2)), size=4)
    for least, found in ((0, None), (5, None), (4, (4, 64, 9))):
        scoring = PLAIN.scoring.model_copy(update={"ann_from_items": least})
        assert _index(catalogue, scoring, 9) == found
    none: Any = SimpleNamespace(states=None, size=4)
    assert _index(none, PLAIN.scoring.model_copy(update={"ann_from_items": 1}), 9) is None
    package: Any = SimpleNamespace(tables=lambda: None)
    assert _recall(package, catalogue, object(), PLAIN) == {}
    assert _recall(package, catalogue, None, PLAIN) == {}


def test_sizes_of_a_night(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arm_night, "offered", lambda *asked: np.array([True, True, False, True, True]))
    night: Any = SimpleNamespace(
        dataset=SimpleNamespace(item_ids=texts("a", "b", "c", "d", "e")), lake=None, ds=DS, market=None,
        package=SimpleNamespace(item_ids=texts("a", "b", "c", "x", "y", "z")),
    )  # fmt: skip
    rules = SimpleNamespace(
        listed=np.array([True, True, True, False]), fresh=np.array([True, False, False, True])
    )
    catalogue: Any = SimpleNamespace(rules=rules, model_rows=np.array([0, 1, -1, -1]))
    assert _sizes(night, catalogue, PLAIN.scoring) == {
        "items_scored": 3.0, "items_blocked": 1.0, "items_new": 2.0, "items_unknown_to_model": 2.0,
        "items_without_score": 1.0, "items_retired": 3.0,
    }  # fmt: skip
