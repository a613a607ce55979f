"""A repaired model agrees with one from scratch, takes fewer sweeps, and survives a save."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from causalrec.config import Settings
from causalrec.config.model import ModelSettings
from causalrec.dataset.arrays import Interactions, Ints
from causalrec.model.base import ServingTables
from causalrec.model.causal.prepare import Prepared, prepare
from causalrec.model.causal.recommender import CausalRecommender
from causalrec.model.causal.response import item_facts
from causalrec.model.causal.response.last_draw import LastDraw
from causalrec.training.factory import build_recommender, load_recommender, save_recommender
from causalrec.training.forget import Forgotten, forget
from tests.model.causal.response.conftest import with_looks
from tests.model.conftest import make_toy

GONE = np.array([3, 11], dtype=np.int32)


def settings_of(name: str) -> Settings:
    response = {"sweeps": 40, "repair_sweeps": 6, "dim": 4}
    model = {"name": name, "response": response, "confounder": {"method": "none"}}
    return Settings.model_validate({"model": model, "training": {"device": "cpu", "refit": True}})


def without(data: Interactions, users: Ints) -> tuple[Interactions, Ints]:
    """``data`` without users, and the old row of each that stays."""
    stay = np.setdiff1d(np.arange(data.n_users), users).astype(np.int32)
    new = np.full(data.n_users, -1, dtype=np.int32)
    new[stay] = np.arange(stay.size)

    def left(pairs: Ints) -> Ints:
        kept = pairs[:, new[pairs[0]] >= 0]
        return np.stack([new[kept[0]], kept[1]])

    looks = data.looks
    if looks is not None:
        looks = looks.take(new[looks.users] >= 0)
        looks = replace(looks, users=new[looks.users])
    pairs = replace(data, train=left(data.train), valid=left(data.valid), test=left(data.test))
    return replace(pairs, n_users=stay.size, looks=looks, weights=None, random_exposure=None), stay


@pytest.fixture(scope="module")
def data() -> Interactions:
    return with_looks(make_toy())


@pytest.fixture(scope="module")
def old(data: Interactions) -> CausalRecommender:
    return fitted("causal", data)


def fitted(name: str, data: Interactions) -> CausalRecommender:
    model = build_recommender(settings_of(name))
    model.fit(data)
    assert isinstance(model, CausalRecommender)
    return model


def last_of(model: CausalRecommender) -> LastDraw:
    users, items = (
        np.arange(len(part), dtype=np.int32) for part in (tables(model).users, tables(model).items)
    )
    resumed = model.resumable(users, items)
    assert resumed is not None
    return resumed.last


def tables(model: CausalRecommender) -> ServingTables:
    return model.engine.serving_tables()


@pytest.fixture(scope="module")
def made(data: Interactions, old: CausalRecommender) -> Forgotten:
    left, stay = without(data, GONE)
    return forget(settings_of("ease"), left, old, old, (stay, np.arange(data.n_items, dtype=np.int32)))


def test_the_repair_agrees_with_a_fit_from_scratch(data: Interactions, made: Forgotten) -> None:
    left, _ = without(data, GONE)
    scratch = fitted("causal", left)
    everyone = np.arange(left.n_users, dtype=np.int32)
    one, other = (model.score(everyone).ravel() for model in (made.judged, scratch))
    assert (made.repaired, made.report.epochs, made.judged.recipe["model"]["name"]) == (True, 6, "causal")
    assert made.judged.recipe == scratch.recipe
    assert np.corrcoef(one, other)[0, 1] > 0.7
    assert made.served is not made.judged
    assert made.served.score(everyone).shape == (left.n_users, left.n_items)


def test_the_last_draw_survives_a_save(old: CausalRecommender, tmp_path: Path) -> None:
    save_recommender(old, tmp_path / "model")
    again = load_recommender(tmp_path / "model")
    assert isinstance(again, CausalRecommender)
    before, after = last_of(old).pack(), last_of(again).pack()
    for name, array in before.items():
        assert np.array_equal(after[name], array), name


def test_rows_move_and_strangers_begin_as_the_mean(old: CausalRecommender) -> None:
    last = last_of(old)
    moved = last.renumbered(np.array([5, -1, 0], dtype=np.int32), np.array([2], dtype=np.int32))
    assert np.array_equal(moved.taste[0], last.taste[5])
    assert moved.taste[1] == pytest.approx(last.taste.mean(axis=0), abs=1e-6)
    assert np.array_equal(moved.demand, last.demand[[2]])
    assert moved.base == last.base


def test_what_content_says_is_found_anew_only_where_an_item_went(old: CausalRecommender) -> None:
    users, items = np.arange(5, dtype=np.int32), np.arange(tables(old).items.shape[0], dtype=np.int32)
    turned = old.resumable(users, items[::-1])
    fewer, more = old.resumable(users, items[1:]), old.resumable(users, np.append(items, -1))
    assert turned is not None
    assert turned.codes is not None
    assert np.array_equal(turned.codes.of[0], tables(old).coarse[::-1])
    assert fewer is not None
    assert more is not None
    assert (fewer.codes, more.codes) == (None, None)


def test_content_is_read_anew_once_for_both_fits(
    data: Interactions, old: CausalRecommender, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted_anew: list[int] = []

    def counted(data: Interactions, settings: ModelSettings, seed: int) -> Prepared:
        fitted_anew.append(data.n_items)
        return prepare(data, settings, seed)

    monkeypatch.setattr(item_facts, "prepare", counted)
    users, items = (np.arange(n, dtype=np.int32) for n in (data.n_users, data.n_items))
    items[4] = -1
    made = forget(settings_of("ease"), data, old, old, (users, items))
    assert fitted_anew == [data.n_items]
    assert made.served is not made.judged
    both = [model for model in (made.judged, made.served) if isinstance(model, CausalRecommender)]
    judged, served = (tables(model).fine for model in both)
    assert np.array_equal(judged, served)


def test_a_model_in_closed_form_is_solved_again(data: Interactions) -> None:
    left, stay = without(data, GONE)
    old, scratch = build_recommender(settings_of("ease")), build_recommender(settings_of("ease"))
    old.fit(data)
    scratch.fit(left)
    made = forget(settings_of("causal"), left, old, old, (stay, np.arange(data.n_items, dtype=np.int32)))
    everyone = np.arange(left.n_users, dtype=np.int32)
    assert made.repaired is False
    assert np.array_equal(made.judged.score(everyone), scratch.score(everyone))
