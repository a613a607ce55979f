"""Preference with exposure and groups as terms: columns mean what they say, a biased log is undone."""

import numpy as np
import pytest
import torch

from causalrec.config.model import ModelSettings, TrainingSettings
from causalrec.dataset.arrays import Interactions
from causalrec.lab.studies.preference import NetworkSize, PreferenceNetwork, content_table
from causalrec.training.loop import LoopTrainer

RNG = np.random.default_rng(3)
USERS, ITEMS = 400, 60


def biased_log() -> tuple[Interactions, np.ndarray, np.ndarray]:
    """Two tastes and two looks; every second item is shown ten times as often. Also likes, log shown."""
    taste, look = RNG.integers(0, 2, USERS), np.arange(ITEMS) // 2 % 2
    likes = np.where(taste[:, None] == look, 0.5, 0.1)
    shown = np.where(np.arange(ITEMS) % 2 == 0, 0.5, 0.05)
    clicks = np.stack(np.nonzero(RNG.random((USERS, ITEMS)) < likes * shown)).astype(np.int32)
    held = RNG.random(clicks.shape[1]) < 0.15
    content = (look[:, None] + 0.1 * RNG.standard_normal((ITEMS, 3))).astype(np.float32)
    none = clicks[:, :0]
    data = Interactions(USERS, ITEMS, clicks[:, ~held], clicks[:, held], none, {"image": content})
    return data, likes, np.log(shown).astype(np.float32)


def test_columns_add_up_to_the_score_of_the_module() -> None:
    data, _, exposure = biased_log()
    groups = (np.arange(ITEMS) % 3).astype(np.int32)
    torch.manual_seed(0)
    network = PreferenceNetwork(
        data, content_table(data), exposure, groups, 0.2, NetworkSize(dim=4, hidden=5)
    )
    with torch.no_grad():
        network.demand.normal_()
        users, items = network.tables()
        preferred = network.preference()
        score = users @ items.T / 0.2 - preferred[0] @ preferred[1].T / 0.2 - torch.from_numpy(exposure)
        demand = network.demand[torch.from_numpy(groups).long()]
        expected = 25.0 * demand[:, 0] + network.sensitivity[:, None] * demand[:, 1]
    assert score.numpy() == pytest.approx(expected.numpy(), abs=1e-3)
    assert network.serving()[1].shape == (ITEMS, 4)
    assert network.shown()[1].shape == (ITEMS, 6)


def test_penalty_is_the_ridge_over_pairs() -> None:
    data, _, exposure = biased_log()
    network = PreferenceNetwork(data, content_table(data), exposure, None, 0.2, NetworkSize(dim=2, ridge=3.0))
    expected = 3.0 * float(network.user_embedding.detach().square().sum()) / data.train.shape[1]
    assert network.penalty(torch.zeros(1), torch.zeros(1)).item() == pytest.approx(expected, rel=1e-5)


def test_what_is_shown_often_is_not_preferred() -> None:
    data, likes, exposure = biased_log()
    training = TrainingSettings(device="cpu", epochs=40, learning_rate=0.02, batch=512, temperature=1.0)
    torch.manual_seed(0)
    network = PreferenceNetwork(
        data, content_table(data), exposure, None, 1.0, NetworkSize(dim=4, hidden=8, ridge=5.0)
    )
    LoopTrainer(training, ModelSettings())(network, data)
    with torch.no_grad():
        users, items = (table.numpy() for table in network.serving())
        logged = network.tables()
    scores = users @ items.T
    assert np.mean([np.corrcoef(a, b)[0, 1] for a, b in zip(scores, likes, strict=True)]) > 0.75
    often = np.arange(ITEMS) % 2 == 0
    learned = (logged[0] @ logged[1].T).mean(dim=0).numpy()
    gap = scores[:, often].mean() - scores[:, ~often].mean()
    assert abs(gap) < 0.15 * (learned[often].mean() - learned[~often].mean())


def test_content_table_scales_columns_and_leaves_gaps_at_zero() -> None:
    image = np.array([[1.0, 5.0], [3.0, 5.0], [np.nan, np.nan]], dtype=np.float32)
    text = np.array([[0.0], [2.0], [4.0]], dtype=np.float32)
    empty = np.zeros((2, 0), dtype=np.int32)
    found = content_table(Interactions(1, 3, empty, empty, empty, {"text": text, "image": image}))
    assert found[:, :2].tolist() == [[-1, 0], [1, 0], [0, 0]]
    assert found[:, 2].tolist() == [0, -1, 1]  # a row of zeros is missing
    assert content_table(Interactions(1, 3, empty, empty, empty)).shape == (3, 0)
