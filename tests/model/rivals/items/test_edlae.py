"""EDLAE against the expectation that its closed form stands for."""

import numpy as np

from causalrec.config.rivals import BaselineSettings
from causalrec.dataset.arrays import Interactions
from causalrec.model.rivals.items.edlae import EdlaeRecommender


def judged_by_the_first(score: object, data: Interactions) -> float:
    return 0.0


def test_weights_are_the_ridge_with_counts_on_the_diagonal() -> None:
    train = np.array([[0, 0, 1, 1, 1, 2, 2], [0, 1, 0, 1, 2, 2, 3]], np.int32)
    data = Interactions(3, 4, train, np.empty((2, 0), np.int32), np.empty((2, 0), np.int32))
    settings = BaselineSettings(ease_ridges=(2.0,), edlae_dropouts=(0.5,))
    model = EdlaeRecommender(settings, judged_by_the_first)
    model.fit(data)
    dense = np.asarray(data.train_matrix().todense(), float)
    gram = dense.T @ dense
    inverse = np.linalg.inv(gram + np.diag(2.0 + np.diag(gram)))
    expected = -inverse / np.diag(inverse)
    np.fill_diagonal(expected, 0.0)
    np.testing.assert_allclose(model.weights, expected, atol=1e-5)
