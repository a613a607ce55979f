"""Our ranking metrics against ir-measures on the same lists."""

import ir_measures
import numpy as np
import pytest
from ir_measures import RR, ScoredDoc, Success, nDCG
from ir_measures import R as Recall

from causalrec.dataset.arrays import Interactions, Ints
from causalrec.metrics.ranking import rank_per_user

K = 5
OURS = {f"recall@{K}": Recall @ K, f"ndcg@{K}": nDCG @ K, f"mrr@{K}": RR @ K, f"hit@{K}": Success @ K}


@pytest.mark.parametrize("seed", range(3))
def test_every_user_has_the_value_that_ir_measures_gives(seed: int) -> None:
    rng = np.random.default_rng(seed)
    kind = rng.choice(3, size=(25, 40), p=[0.7, 0.15, 0.15])  # nothing, training, held out
    train, held = (np.array((kind == which).nonzero(), dtype=np.int32) for which in (1, 2))
    scores = rng.random((25, 40), dtype=np.float32)
    data = Interactions(25, 40, train, held, np.empty((2, 0), np.int32))

    def score(users: Ints) -> "np.ndarray":
        return scores[users]

    ours = rank_per_user(score, data, "valid", (K,))
    truths = [ir_measures.Qrel(str(user), str(item), 1) for user, item in held.T]
    run = [
        ScoredDoc(str(user), str(item), float(scores[user, item]))
        for user, item in np.argwhere(kind != 1)  # training items are no candidates
    ]
    theirs = {(m.query_id, m.measure): m.value for m in ir_measures.iter_calc(OURS.values(), truths, run)}
    for name, measure in OURS.items():
        expected = [theirs[str(user), measure] for user in ours.users]
        np.testing.assert_allclose(ours.metrics[name], expected, atol=1e-9, err_msg=name)
