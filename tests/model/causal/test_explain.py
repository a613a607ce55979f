"""Explanations add up; new items land among their own kind."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from causalrec.config import Settings
from causalrec.dataset.arrays import Interactions
from causalrec.errors import TrainingError
from causalrec.model.causal.channel_part import attach_channel
from causalrec.model.causal.edges import ADD_WEIGHT
from causalrec.model.causal.explain import ExplanationData
from causalrec.model.causal.graph_recommender import GraphRecommender
from causalrec.model.causal.network import CausalNetwork
from causalrec.model.causal.prepare import prepare
from causalrec.model.causal.recommender import CausalRecommender
from causalrec.training.factory import build_recommender
from causalrec.training.loop import LoopTrainer

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def data(toy: Callable[..., Interactions]) -> Interactions:
    return toy(users=90, items=48)


@pytest.fixture(scope="module")
def model(data: Interactions, small: Callable[..., Settings]) -> GraphRecommender:
    recommender = build_recommender(small("causal"))
    assert isinstance(recommender, CausalRecommender)
    recommender.fit(data)
    engine = recommender.engine
    assert isinstance(engine, GraphRecommender)
    return engine


def test_the_parts_belong_to_the_score(model: GraphRecommender, data: Interactions) -> None:
    user = int(np.bincount(data.train[0]).argmax())
    tables = model.serving_tables()
    found = model.explain(user, 4, history=99)
    everything = model.score(np.array([user], dtype=np.int32))[0]
    assert found.score == pytest.approx(everything[4], abs=1e-6)
    assert found.without_backdoor == pytest.approx(
        float(tables.users[user] @ tables.items_unadjusted[4]), abs=1e-6
    )
    history = sorted(data.train[1][data.train[0] == user].tolist())
    assert sorted(part.item for part in found.carried) == history
    assert [part.contribution for part in found.carried] == sorted(
        (part.contribution for part in found.carried), reverse=True
    )
    assert found.weakened
    assert {edge.item for edge in found.weakened} <= set(history)
    assert all(edge.weight == pytest.approx(edge.evidence) and edge.why for edge in found.weakened)
    assert found.code_name == tables.code_names[found.coarse]
    assert found.gate == tables.gate[4]


def test_the_messages_and_the_own_embedding_are_the_whole_mediator(
    data: Interactions, small: Callable[..., Settings]
) -> None:
    settings = small("causal").model
    network = CausalNetwork(
        data, prepare(data, settings, 0), settings, LoopTrainer(small("causal").training, settings)
    )
    with torch.no_grad():
        network.refresh(0)
        part, _ = attach_channel(network, data, settings, lambda score, data: 0.0, 0)
        evidence = ExplanationData.read(network, part)
        assert network.alike_users is not None
        own = (network.user_embedding + network.alike_users @ network.user_embedding).numpy()
    assert (evidence.weight < 1).any()
    for user in (0, 17):
        edges = slice(evidence.start[user], evidence.start[user + 1])
        items, weight = evidence.items[edges], evidence.weight[edges]
        added = evidence.added[user][evidence.added[user] >= 0]
        items = np.concatenate([items, added])
        weight = np.concatenate([weight, np.full(added.size, ADD_WEIGHT)])
        scale = weight * evidence.user_scale[user] * evidence.item_scale[items]
        whole = own[user] + scale @ evidence.sent[items]
        assert np.allclose(whole, evidence.mediator[user], atol=1e-4)


def test_codes_carry_names_of_attributes(model: GraphRecommender) -> None:
    names = model.serving_tables().code_names
    assert names
    assert all(name.startswith(("group ", "style ")) for name in names)


def test_new_items_land_among_their_kind(model: GraphRecommender, data: Interactions) -> None:
    states = model.item_states_for({name: values[:9] for name, values in data.modalities.items()})
    similarity = states @ model.serving_tables().items.T
    for row in range(9):
        kind = np.arange(data.n_items) % 3 == row % 3
        assert similarity[row][kind].mean() > similarity[row][~kind].mean()


def test_a_new_item_without_content_has_a_zero_state(model: GraphRecommender) -> None:
    nothing = {"image": np.full((1, 8), np.nan, np.float32), "text": np.zeros((1, 12), np.float32)}
    assert not model.item_states_for(nothing).any()


def test_one_modality_is_enough_for_a_new_item(model: GraphRecommender, data: Interactions) -> None:
    assert model.item_states_for({"text": data.modalities["text"][:2]}).any(axis=1).all()


def test_a_cold_catalogue_item_is_ranked_with_its_kind(
    data: Interactions, small: Callable[..., Settings]
) -> None:
    keep = data.train[1] != 7
    cold = replace(data, train=data.train[:, keep], valid=data.valid[:, data.valid[1] != 7])
    recommender = build_recommender(small("causal"))
    recommender.fit(cold)
    scores = recommender.score(np.arange(data.n_users, dtype=np.int32))[:, 7]
    own = np.arange(data.n_users) % 3 == 7 % 3
    assert scores[own].mean() > scores[~own].mean() + 0.1


def test_unknown_ids_are_refused(model: GraphRecommender) -> None:
    with pytest.raises(TrainingError, match="no user 999"):
        model.explain(999, 0)


@pytest.mark.parametrize(
    "switch",
    [
        {"confounder": {"method": "none"}},
        {"confounder": {"method": "concat"}},
        {"codebook": {"enabled": False}},
        {"codebook": {"hierarchical": False}},
        {"backdoor": {"enabled": False}},
        {"backdoor": {"gated": False}},
        {"topology": {"enabled": False}},
        {"topology": {"hard": True, "warmup": 1}},
        {"frontdoor": {"enabled": False}},
        {"content": {"enabled": False}},
        {"content": {"channel": False}},
        {"content": {"channel_gain": 0.0}, "backdoor": {"enabled": False}},
        {"layers": 0},
    ],
    ids=str,
)
def test_every_switch_leaves_a_working_model(
    switch: dict[str, object], data: Interactions, small: Callable[..., Settings]
) -> None:
    recommender = build_recommender(small("causal", model=switch, training={"epochs": 6}))
    recommender.fit(data)
    assert isinstance(recommender, CausalRecommender)
    assert np.isfinite(recommender.score(np.arange(5, dtype=np.int32))).all()
    assert np.isfinite(recommender.explain(0, 0).score)
    saved = recommender.saved()
    other = build_recommender(small("causal", model=switch))
    other.restore(saved)
    users = np.arange(5, dtype=np.int32)
    assert np.array_equal(other.score(users), recommender.score(users))
