"""Content-kNN on a catalogue whose neighbours are known."""

import numpy as np

from causalrec.config.rivals import BaselineSettings
from causalrec.dataset.arrays import Interactions
from causalrec.model.rivals.items.content_knn import ContentKnnRecommender


def first_wins(score: object, data: Interactions) -> float:
    return 0.0


def test_the_nearest_item_of_the_history_comes_first() -> None:
    look = np.array([[1.0], [0.9], [-1.0], [-0.9]], np.float32)
    train = np.array([[0, 1], [0, 2]], np.int32)
    data = Interactions(2, 4, train, train[:, :1], np.empty((2, 0), np.int32), {"image": look})
    model = ContentKnnRecommender(BaselineSettings(content_neighbours=(1,)), first_wins, seed=0)
    model.fit(data)
    top, _ = model.recommend(np.array([0, 1], np.int32), 1)
    assert top.tolist() == [[1], [3]]
