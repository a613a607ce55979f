"""The content channel: damped whitening, tastes, the back-door sum, and the choice of weights."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from causalrec.config import Settings
from causalrec.config.model import ContentSettings, ModelSettings
from causalrec.dataset.arrays import Floats, Interactions, Ints
from causalrec.dataset.sample import sampled
from causalrec.model.base import Judge
from causalrec.model.blocks import unit_blocks
from causalrec.model.causal.channel import ContentChannel, Lens, code_shift, flat_codes
from causalrec.model.causal.codebook import Codebook
from causalrec.model.causal.graph_recommender import GraphRecommender
from causalrec.model.causal.mixing import choose_weights
from causalrec.model.causal.recommender import CausalRecommender
from causalrec.model.content import Whitening
from causalrec.training.factory import build_recommender, load_recommender, save_recommender


def array(*rows: list[float]) -> Floats:
    return np.array(rows, dtype=np.float32)


def codebook(counts: list[list[int]]) -> Codebook:
    coarse, fine = len(counts), len(counts[0])
    return Codebook(
        np.zeros((coarse, 1), np.float32),
        np.zeros((coarse, fine, 1), np.float32),
        np.array(counts, dtype=np.int32),
    )


def lens(shift: Floats, ridge: float = 0.0, weight: float = 1.0) -> Lens:
    spread = np.array([4.0, 3.0], dtype=np.float32)
    basis = np.diag(1 / spread).astype(np.float32)
    zero, one = np.zeros(2, np.float32), np.ones(2, np.float32)
    return Lens(Whitening(zero, one, basis, spread), shift, ridge, weight)


NOTHING = np.zeros((0, 2), dtype=np.float32)


def test_without_ridge_the_lens_sees_whitened_directions() -> None:
    seen = lens(NOTHING).see(array([4.0, 3.0], [0.0, -5.0], [np.nan, 1.0]))
    assert np.allclose(seen, [[0.5**0.5, 0.5**0.5], [0.0, -1.0], [0.0, 0.0]])


def test_the_ridge_damps_the_small_direction() -> None:
    seen = lens(NOTHING, ridge=1.0).see(array([4.0, 3.0]))
    raw = np.array([4 / np.sqrt(16 + 16), 3 / np.sqrt(9 + 16)])
    assert np.allclose(seen[0], raw / np.linalg.norm(raw), atol=1e-6)


def test_the_sum_over_codes_is_the_expected_mean_less_the_own_mean() -> None:
    """One cell of two codes with 2 and 1 items, one with 1: by hand, without smoothing to speak of."""
    settings = ModelSettings.model_validate({"codebook": {"smoothing": 1e-9}, "backdoor": {"rho": 0.2}})
    seen = array([1.0, 0.0], [3.0, 0.0], [0.0, 5.0], [8.0, 4.0])
    flat = np.array([0, 0, 1, 2], dtype=np.int32)
    shift = code_shift(seen, flat, codebook([[2, 1], [1, 0]]), settings)
    means = np.array([[2.0, 0.0], [0.0, 5.0], [8.0, 4.0], [0.0, 0.0]])
    first, second = np.array([4 / 3, 5 / 3]), np.array([8.0, 4.0])
    overall = np.array([3.0, 2.25])
    wanted = 0.8 * np.stack([first, first, second, second]) + 0.2 * overall - means
    assert np.allclose(shift, wanted, atol=1e-5)


def test_the_gate_decides_how_much_of_it_acts_and_missing_content_stays_missing() -> None:
    part = lens(array([2.0, 0.0], [0.0, 4.0]), weight=0.5)
    seen = array([1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 0.0])
    flat, gate = np.array([0, 1, -1, 0], np.int32), np.array([0.0, 0.5, 1.0, 1.0], np.float32)
    assert np.allclose(part.adjust(seen, flat, gate), [[0.5, 0.0], [0.5, 1.0], [0.5, 0.0], [0.0, 0.0]])


def test_codes_are_flattened_row_by_row() -> None:
    coarse, fine = np.array([0, 2, -1], np.int32), np.array([1, 0, -1], np.int32)
    assert flat_codes((coarse, fine), codebook([[1, 1], [1, 1], [1, 1]])).tolist() == [1, 4, -1]
    assert flat_codes((coarse[2:], fine[2:]), None).tolist() == [-1]


def test_a_taste_is_the_unit_mean_of_the_weighted_history_per_modality() -> None:
    channel = ContentChannel({"image": lens(NOTHING), "text": lens(NOTHING)})
    seen = array([1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 1.0])
    tastes = channel.tastes(sp.csr_matrix(array([3.0, 4.0], [2.0, 0.0])), seen)
    assert np.allclose(tastes, [[0.6, 0.8, 0.0, 1.0], [1.0, 0.0, 0.0, 0.0]])


def test_blocks_have_length_one_or_zero() -> None:
    assert np.allclose(unit_blocks(array([3.0, 4.0, 0.0, 9.0]), (2, 1, 1)), [[0.6, 0.8, 0.0, 1.0]])
    assert unit_blocks(np.zeros((2, 0), np.float32), ()).shape == (2, 0)


def agreement(wanted: Floats) -> Judge:
    """A judge that likes scores near ``wanted`` (U, N)."""

    def judge(score: Callable[[Ints], Floats], data: Interactions) -> float:
        users = np.arange(data.n_users, dtype=np.int32)
        return 10.0 - float(np.abs(score(users) - wanted).sum())

    return judge


def mix(wanted: Floats, data: Interactions, gain: float = 0.0) -> dict[str, float]:
    states = (array([0.0], [0.0]), array([1.0], [1.0]))
    content = {
        "image": (array([1.0], [0.0]), array([1.0], [0.0])),
        "text": (array([0.0], [1.0]), array([0.0], [1.0])),
    }
    settings = ContentSettings(channel_gain=gain)
    return choose_weights(states, content, data, agreement(wanted), settings, 0)[0]


@pytest.fixture
def tiny() -> Interactions:
    pairs = np.array([[0, 1], [0, 1]], dtype=np.int32)
    return Interactions(2, 2, pairs, pairs[:, ::-1], np.empty((2, 0), np.int32))


def test_each_modality_gets_the_weight_that_validation_likes_best(tiny: Interactions) -> None:
    assert mix(array([2.0, 0.0], [0.0, 0.25]), tiny) == {"image": 2.0, "text": 0.25}
    assert mix(array([0.0, 0.0], [0.0, 0.5]), tiny) == {"image": 0.0, "text": 0.5}


def test_a_gain_below_the_bar_leaves_content_out(tiny: Interactions) -> None:
    wanted = array([0.25, 0.0], [0.0, 0.0])  # 9.75 without, 10 with: a gain of 2.6 %
    assert mix(wanted, tiny, gain=0.02) == {"image": 0.25, "text": 0.0}
    assert mix(wanted, tiny, gain=0.03) == {"image": 0.0, "text": 0.0}


def test_without_validation_nothing_is_chosen(tiny: Interactions) -> None:
    nothing = replace(tiny, valid=np.empty((2, 0), dtype=np.int32))
    assert mix(array([2.0, 0.0], [0.0, 2.0]), nothing) == {"image": 0.0, "text": 0.0}


def test_a_sample_keeps_whole_users(toy: Callable[..., Interactions]) -> None:
    data = toy()
    kept = sampled(data, 5, seed=1).valid
    users = np.unique(kept[0])
    assert users.size == 5
    assert kept.shape[1] == np.isin(data.valid[0], users).sum()
    assert sampled(data, 10_000, seed=1) is data


@pytest.fixture(scope="module")
def sparse(toy: Callable[..., Interactions]) -> Interactions:
    """So few training pairs that content knows more than the graph."""
    data = toy(users=90, items=48)
    few, rest = np.split(data.train, [int(0.12 * data.train.shape[1])], axis=1)
    return replace(data, train=few, valid=np.concatenate([data.valid, rest], axis=1))


@pytest.fixture(scope="module")
def model(sparse: Interactions, small: Callable[..., Settings]) -> GraphRecommender:
    recommender = build_recommender(small("causal"))
    assert isinstance(recommender, CausalRecommender)
    recommender.fit(sparse)
    engine = recommender.engine
    assert isinstance(engine, GraphRecommender)
    return engine


def test_where_content_helps_it_takes_part(model: GraphRecommender) -> None:
    weights = [value for name, value in model.findings.items() if name.startswith("channel/weight/")]
    assert max(weights) > 0
    assert model.findings["channel/valid_with"] > 1.02 * model.findings["channel/valid_without"]
    assert model.serving_tables().items.shape[1] > 16


def test_its_columns_are_part_of_every_explanation(model: GraphRecommender, sparse: Interactions) -> None:
    """What the history carried, plus the user's own embedding, is the score before the front-door."""
    evidence, tables = model.evidence, model.serving_tables()
    assert evidence is not None
    dim = int(evidence.widths[0])
    for user in (int(sparse.train[0][0]), int(sparse.train[0][-1])):
        found = model.explain(user, 5, history=99)
        content = sum(
            part.weight * (evidence.sent[part.item, dim:] * evidence.item_scale[part.item])
            for part in found.carried
        )
        if not any(int(i) >= 0 for i in evidence.added[user]):
            tastes = unit_blocks(np.asarray(content)[None], tuple(evidence.widths[1:]))
            assert np.allclose(tastes[0], tables.users[user, dim:], atol=1e-5)
        assert found.score == pytest.approx(float(tables.users[user] @ tables.items[5]), abs=1e-6)
        assert found.without_frontdoor == pytest.approx(
            float(unit_blocks(evidence.mediator[user][None], tuple(evidence.widths))[0] @ tables.items[5]),
            abs=1e-6,
        )


def test_a_new_user_and_a_new_item_get_the_same_columns(
    model: GraphRecommender, sparse: Interactions, tmp_path_factory: pytest.TempPathFactory
) -> None:
    tables = model.serving_tables()
    dim = model.settings.dim
    states = model.item_states_for(sparse.modalities)
    assert states.shape == tables.items.shape
    assert np.allclose(states[:, dim:], tables.items[:, dim:], atol=1e-5)
    folded = model.fold_in([np.array([0, 3], np.int32), np.array([], np.int32)])
    assert folded.shape == (2, tables.users.shape[1])
    assert not folded[1].any()
    assert np.linalg.norm(folded[0, :dim]) == pytest.approx(1.0, abs=1e-5)
    folder = tmp_path_factory.mktemp("saved")
    save_recommender(model, folder)
    loaded = load_recommender(folder)
    assert isinstance(loaded, CausalRecommender)
    # one row or several: sums of products may differ in the last bit
    assert loaded.fold_in([np.array([0, 3], np.int32)]) == pytest.approx(folded[:1], abs=1e-6)
    assert np.array_equal(loaded.item_states_for(sparse.modalities), states)
    assert loaded.explain(3, 5) == model.explain(3, 5)
