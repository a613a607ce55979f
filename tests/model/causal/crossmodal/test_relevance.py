"""Modalities that say nothing are left out; the model is then the same as without them."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from causalrec.config import Settings
from causalrec.dataset.arrays import Floats, Interactions
from causalrec.model.causal.crossmodal.relevance import chosen_together, likeness_p, relevant_modalities
from causalrec.model.causal.graph_recommender import GraphRecommender
from causalrec.model.content import Content, fit_content, read_content
from causalrec.training.loop import LoopTrainer
from causalrec.training.refuters import random_common_cause
from tests.model.conftest import Toy

ALL = np.arange(60, dtype=np.int32)


def content_of(data: Interactions) -> Content:
    return read_content(fit_content(data.modalities, 8), data.modalities, data.n_items)


def test_pairs_of_one_user_and_never_an_item_with_itself() -> None:
    pairs = np.array([[3, 1, 3, 1, 2, 3], [0, 5, 1, 6, 7, 2]], dtype=np.int32)
    together = chosen_together(pairs, np.random.default_rng(0))
    allowed = {frozenset(pair) for pair in ((0, 1), (0, 2), (1, 2), (5, 6))}
    assert {frozenset(pair) for pair in together.T.tolist()} <= allowed
    assert together.shape[1] > 0


def test_likeness_of_what_is_chosen_together_is_told_from_chance() -> None:
    rng = np.random.default_rng(2)
    group = np.arange(60) % 3
    together = np.array([(a, b) for a in range(60) for b in range(a) if group[a] == group[b]], np.int32).T
    alike: Floats = (np.eye(3, 5)[group] + 0.1 * rng.normal(size=(60, 5))).astype(np.float32)
    noise = rng.normal(size=(60, 5)).astype(np.float32)
    assert likeness_p(alike, ALL, together, rng) == 1 / 200
    assert likeness_p(noise, ALL, together, rng) > 0.05


def test_a_modality_that_only_users_see_stays_and_noise_goes(toy: Toy) -> None:
    data = toy(users=200, items=90)
    rng = np.random.default_rng(4)
    noise = rng.normal(size=(90, 6)).astype(np.float32)
    kinds = (np.eye(3, 4)[np.arange(90) % 3] + rng.normal(scale=0.1, size=(90, 4))).astype(np.float32)
    alone = {"image": noise, "taste": kinds, "sound": rng.normal(size=(90, 6)).astype(np.float32)}
    found = relevant_modalities(content_of(replace(data, modalities=alone)), data.train, 0.006, 0)
    assert found == ("taste",)
    told = {**data.modalities, "noise": noise}
    shown = content_of(replace(data, modalities=told))
    assert relevant_modalities(shown, data.train, 0.01, 0) == ("image", "text")
    assert relevant_modalities(shown, data.train, 1.0, 0) == ("image", "noise", "text")


@pytest.mark.slow
def test_a_random_common_cause_changes_nothing(toy: Toy, small: Callable[..., Settings]) -> None:
    settings = small("causal")
    data = toy(users=120, items=90)
    tables = []
    for given in (data, random_common_cause(data, 7)):
        trainer = LoopTrainer(settings.training, settings.model)
        model = GraphRecommender(settings.model, trainer, lambda score, data: 0.0)
        model.fit(given)
        assert model.findings["content/modalities"] == 2
        tables.append(model.serving_tables())
    assert np.array_equal(tables[0].items, tables[1].items)
    assert np.array_equal(tables[0].users, tables[1].users)
