"""Everybody stays where they are: the arms as a property of shares, and their sizes."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from causalrec.config.experiment import ExperimentSettings
from causalrec.experiment.assignment import arms_of
from causalrec.experiment.policies import policies

USERS = np.array([f"user-{n}" for n in range(4_000)], dtype=object)
DAYS = {"start": dt.date(2026, 3, 1), "end": dt.date(2026, 3, 7)}


def experiment(shares: dict[str, float], **more: object) -> ExperimentSettings:
    arms = {arm: {"share": share} for arm, share in shares.items()}
    return ExperimentSettings.model_validate({"name": "spring", "arms": arms, **DAYS, **more})


@given(st.lists(st.floats(0, 0.99), min_size=1, max_size=4), st.data())
def test_a_share_that_grows_takes_users_from_the_control_alone(
    given: list[float], data: st.DataObject
) -> None:
    shares = {f"arm{n}": share / len(given) for n, share in enumerate(given)}
    grown = dict(shares)
    arm = data.draw(st.sampled_from(sorted(shares)))
    grown[arm] = data.draw(st.floats(shares[arm], 0.99 / len(given)))
    before, after = (arms_of(USERS, experiment(found)) for found in (shares, grown))
    moved = before != after
    assert set(before[moved]) <= {"control"}
    assert set(after[moved]) <= {arm}


def test_the_sizes_are_the_shares_and_the_names_of_others_do_not_matter() -> None:
    found = arms_of(USERS, experiment({"a": 0.3, "b": 0.2}))
    for arm, share in {"a": 0.3, "b": 0.2, "control": 0.5}.items():
        assert np.mean(found == arm) == pytest.approx(
            share, abs=4 * np.sqrt(share * (1 - share) / USERS.size)
        )
    some = np.random.default_rng(0).permutation(USERS.size)[:50]
    assert (arms_of(USERS[some], experiment({"b": 0.2, "a": 0.3})) == found[some]).all()


def test_another_salt_is_another_draw() -> None:
    one, other = (arms_of(USERS, experiment({"a": 0.5}, salt=salt)) == "a" for salt in ("x", "y"))
    assert np.mean(one & other) == pytest.approx(0.25, abs=0.03)
    assert (
        arms_of(USERS, experiment({"a": 0.5}, salt="spring")) == arms_of(USERS, experiment({"a": 0.5}))
    ).all()


def test_policies_name_experiment_and_arm() -> None:
    assert policies(experiment({"b": 0.1, "a": 0.1})) == {
        "causalrec:spring:control": "control", "causalrec:spring:a": "a", "causalrec:spring:b": "b",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"arms": {}}, "an arm beside the control"),
        ({"end": dt.date(2026, 2, 1)}, "start and end"),
        ({"arms": {"a": {"share": 0.6}, "b": {"share": 0.1}}}, "at most 0.5"),
        ({"arms": {"control": {"share": 0.1}}}, "no name"),
        ({"name": "a:b"}, "no name"),
        ({"arms": {"a": {"share": 0.1, "scoring": {"colour": "red"}}}}, "colour"),
        ({"arms": {"a": {"share": 0.1, "scoring": {"k": 0}}}}, "greater than or equal to 1"),
        ({"arms": {"a": {"share": 0.1, "scoring": {"home_market": "DE"}}}}, "one for all arms"),
        ({"arms": {"a": {"model": "2"}}}, "arm a has no share"),
        ({"design": "interleave"}, "arm a has a share"),
        ({"design": "interleave", "arms": {"a": {}, "b": {}}}, "the control and one arm, not 2"),
        ({"design": "interleave", "arms": {"a": {"scoring": {"k": 9}}}}, "take it out of arm a"),
    ],
)
def test_what_cannot_be_is_refused(wrong: dict[str, object], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        ExperimentSettings.model_validate({"name": "x", "arms": {"a": {"share": 0.5}}, **DAYS, **wrong})


def test_nothing_runs_without_a_name_and_dates_count_whole() -> None:
    assert not ExperimentSettings().serves(dt.date(2026, 3, 1))
    found = experiment({"a": 0.5})
    nights = [dt.date(2026, 2, 27) + dt.timedelta(days=n) for n in range(12)]
    assert [night.day for night in nights if found.serves(night)] == list(range(1, 8))
    assert [night.day for night in nights if found.judges(night)] == list(range(2, 9))
