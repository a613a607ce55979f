"""The fit that serves: on everything, named as such, and never what an evaluation is about."""

from dataclasses import replace

import numpy as np

from causalrec.dataset.arrays import pair_keys
from causalrec.model.causal.recommender import CausalRecommender
from causalrec.training.factory import build_recommender
from causalrec.training.refit import everything, refitted
from tests.model.causal.response.conftest import with_looks
from tests.model.conftest import make_toy, small_settings


def test_everything_holds_all_pairs_and_all_looks() -> None:
    data = with_looks(make_toy())
    looks = data.looks
    assert looks is not None
    late = looks.strata == 1
    apart = replace(data, looks=looks.take(~late), later_looks=looks.take(late))
    found = everything(apart)
    every = np.concatenate([pair_keys(part) for part in (data.train, data.valid, data.test)])
    assert np.array_equal(pair_keys(found.train), np.sort(every))
    assert found.valid.shape == found.test.shape == (2, 0)
    assert found.looks is not None
    assert found.looks.count.sum() == looks.count.sum()
    assert not found.looks.uniform.any()
    assert found.later_looks is None


def test_the_refitted_model_knows_what_the_judged_one_does_not() -> None:
    data, settings = with_looks(make_toy()), small_settings("causal")
    judged = build_recommender(settings)
    report = judged.fit(data)
    served = refitted(settings, data, judged, report.best_epoch)
    rank = {
        name: np.mean(
            [(model.score(held[:1])[0] > model.score(held[:1])[0, held[1]]).sum() for held in data.test.T]
        )
        for name, model in (("judged", judged), ("served", served))
    }
    assert rank["served"] < rank["judged"]
    assert served.recipe == judged.recipe
    before, after = judged.serving_tables(), served.serving_tables()
    assert before is not None
    assert after is not None
    assert np.array_equal(after.popularity, before.popularity)
    assert isinstance(judged, CausalRecommender)
    assert isinstance(served, CausalRecommender)
    assert served.exposure_weight == judged.exposure_weight
    assert judged.exposure_weight is not None


def test_it_begins_where_the_judged_one_ended() -> None:
    data, steps = with_looks(make_toy()), []
    settings = small_settings("causal", model={"response": {"sweeps": 60, "dim": 4, "refit_sweeps": 7}})
    judged = build_recommender(settings)
    judged.fit(data)
    served = refitted(settings, data, judged, 1, lambda step, _: steps.append(step))
    assert steps == list(range(1, 8))
    assert isinstance(judged, CausalRecommender)
    assert isinstance(served, CausalRecommender)
    before, after = judged.serving_tables(), served.serving_tables()
    assert np.array_equal(after.coarse, before.coarse)
    afresh = build_recommender(small_settings("causal", model={"response": {"sweeps": 7, "dim": 4}}))
    afresh.fit(everything(data))
    rows = np.arange(data.n_users, dtype=np.int32)
    first, *others = (model.score(rows).ravel().astype(np.float64) for model in (judged, served, afresh))
    near, far = (np.corrcoef(first, other)[0, 1] for other in others)
    assert near > far + 0.1


def test_without_the_setting_the_judged_model_serves() -> None:
    data, settings = with_looks(make_toy()), small_settings("causal", training={"refit": False})
    judged = build_recommender(settings)
    assert refitted(settings, data, judged, 1) is judged
