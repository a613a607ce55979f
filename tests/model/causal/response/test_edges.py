"""Evidence for edges: the mixture by hand, planted accidents, and pairs that are looked up."""

import numpy as np
import pytest
import torch
from scipy.special import expit

from causalrec.config.response import ResponseSettings
from causalrec.dataset.arrays import Looks
from causalrec.lab.studies.known_truth import labelled_auc
from causalrec.model.causal.response.draws import Draws
from causalrec.model.causal.response.edges import edge_preference, preference_chances
from causalrec.model.causal.response.looked import Looked
from causalrec.model.causal.response.observation import Observation
from causalrec.model.causal.response.rows import LookRows, look_rows

CLICKS_ONLY = ResponseSettings(depths=False)


def rows_of(items: np.ndarray, count: np.ndarray, reached: np.ndarray) -> LookRows:
    """Looks of one user at ``items``, each in one row."""
    n = items.size
    looks = Looks(
        np.zeros(n, np.int32), items.astype(np.int32), np.zeros(n, np.int32), count.astype(np.int32),
        reached[None].astype(np.int32), np.full(n, np.nan, np.float32), np.zeros(n, np.float32), ("click",),
        ("",), np.ones(1, np.float32), np.zeros(1, np.bool_),
    )  # fmt: skip
    return look_rows(looks, 1, n, 0.0, torch.device("cpu"))


def test_an_edge_is_a_preference_unless_all_its_responses_were_accidents() -> None:
    rows = rows_of(np.arange(4), np.array([3, 3, 3, 3]), np.array([1, 2, 0, 1]))
    observation = Observation.start(rows, CLICKS_ONLY, Draws(7, torch.device("cpu")))
    observation.accident = 0.05
    logits = torch.tensor([-2.0, -2.0, -2.0, 1.0], dtype=torch.float64)
    found = preference_chances(rows, observation.meant(rows, logits)).numpy()
    low, high = expit(-2.0), expit(1.0)
    slip = 0.05 * (1 - low) / (low + 0.05 * (1 - low))
    surely = high / (high + 0.05 * (1 - high))
    assert found[[0, 1, 3]].tolist() == pytest.approx([1 - slip, 1 - slip**2, surely])
    assert np.isnan(found[2])
    observation.accident = 0.0
    assert preference_chances(rows, observation.meant(rows, logits)).numpy()[
        [0, 1, 3]
    ].tolist() == pytest.approx([1] * 3)


def test_planted_accidents_have_less_evidence() -> None:
    rng = np.random.default_rng(4)
    logits = rng.normal(-1.5, 2.0, 4_000)
    meant = rng.binomial(2, expit(logits))
    slipped = rng.binomial(2 - meant, 0.05)
    rows = rows_of(np.arange(4_000), np.full(4_000, 2), meant + slipped)
    observation = Observation.start(rows, CLICKS_ONLY, Draws(7, torch.device("cpu")))
    observation.accident = 0.05
    chance = preference_chances(rows, observation.meant(rows, torch.as_tensor(logits))).numpy()
    answered = meant + slipped > 0
    accidental = answered & (meant == 0)
    assert labelled_auc(chance[answered], accidental[answered]) > 0.85
    assert 1 - chance[answered].mean() == pytest.approx(accidental.sum() / answered.sum(), abs=0.015)


def test_pairs_are_looked_up_and_strangers_have_none() -> None:
    looked = Looked(
        np.array([0, 2, 2, 3]), np.array([7, 1, 4], np.int32), np.ones(3, np.float32), np.ones(3, np.float32),
        np.array([0.5, 0.75, np.nan], np.float32),
    )  # fmt: skip
    pairs = np.array([[0, 0, 2, 1, 0], [1, 7, 4, 1, 4]], np.int32)
    assert edge_preference(looked, pairs).tolist() == pytest.approx([0.75, 0.5, *[np.nan] * 3], nan_ok=True)
    older = {name: value for name, value in vars(looked).items() if name != "preference"}
    assert np.isnan(edge_preference(Looked.unpack(older), pairs)).all()
    nobody = Looked(np.array([0, 0]), *(np.empty(0, kind) for kind in (np.int32, *[np.float32] * 3)))
    assert np.isnan(edge_preference(nobody, pairs)).all()
