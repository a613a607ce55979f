"""The causal recommender where looks are logged: what every recommender must do, and what it alone does."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from causalrec.config import Settings
from causalrec.dataset.arrays import Interactions
from causalrec.model.base import Recommender
from causalrec.model.causal.recommender import CausalRecommender
from causalrec.model.causal.response.recommender import ResponseRecommender
from causalrec.model.causal.response.rows import judged_looks
from causalrec.training.factory import build_recommender
from tests.model import test_contract
from tests.model.conftest import Toy

pytestmark = pytest.mark.slow

Small = Callable[..., Settings]


@pytest.fixture(scope="module")
def name() -> str:
    return "causal"


class TestResponse(test_contract.TestEveryRecommender):
    @pytest.fixture(scope="class")
    def model(self, name: str, toy: Toy, small: Small) -> Recommender:
        return test_contract.fitted(small, name, toy())

    @pytest.mark.skip(reason="looks are not renumbered by the helper of the contract")
    def test_numbering_of_ids_does_not_matter(self) -> None: ...  # type: ignore[override]


@pytest.fixture(scope="module")
def data(toy: Toy) -> Interactions:
    return toy()


@pytest.fixture(scope="module")
def fitted(data: Interactions, small: Small) -> ResponseRecommender:
    return engine_of(small(), data)


def engine_of(settings: Settings, data: Interactions) -> ResponseRecommender:
    model = build_recommender(settings)
    model.fit(data)
    assert isinstance(model, CausalRecommender)
    assert isinstance(model.engine, ResponseRecommender)
    return model.engine


def test_held_out_pairs_and_random_exposure_teach_nothing(data: Interactions, small: Small) -> None:
    """Whatever happened there, the tables stay the same to the last bit."""
    looks = data.looks
    assert looks is not None
    held = np.zeros((data.n_users, data.n_items), dtype=bool)
    for pairs in (data.valid, data.test):
        held[pairs[0], pairs[1]] = True
    there = held[looks.users, looks.items]
    assert there.any()
    other = replace(looks, reached=np.where(there, 0, looks.reached))
    chance = replace(looks, uniform=np.array([False, True]))
    first, second = (
        test_contract.fitted(small, "causal", replace(data, looks=one)) for one in (looks, other)
    )
    everyone = np.arange(data.n_users, dtype=np.int32)
    assert np.array_equal(first.score(everyone), second.score(everyone))
    flipped = replace(chance, reached=np.where(looks.strata == 1, looks.count, chance.reached))
    third, fourth = (test_contract.fitted(small, "causal", replace(data, looks=x)) for x in (chance, flipped))
    assert np.array_equal(third.score(everyone), fourth.score(everyone))


def test_scores_are_calibrated_log_odds(data: Interactions, small: Small) -> None:
    """Over all looks that it learnt from, about as many responses are expected as there were.

    A few less: the mean of log-odds over draws gives rare responses less than the mean of chances.
    """
    response = {"sweeps": 60, "dim": 4, "examination": False, "accidents": False}
    fitted = engine_of(small("causal", model={"response": response}), data)
    looks = judged_looks(data)
    assert looks is not None
    chance = 1 / (1 + np.exp(-fitted.score(np.arange(data.n_users, dtype=np.int32))))
    expected = float((looks.count * chance[looks.users, looks.items]).sum())
    assert expected == pytest.approx(float(looks.reached[0].sum()), rel=0.2)


def test_the_content_effect_knows_the_groups(fitted: ResponseRecommender, data: Interactions) -> None:
    tables = fitted.serving_tables()
    assert tables.content_users is not None
    assert tables.content_items is not None
    effect = tables.content_users @ tables.content_items.T
    own = np.arange(data.n_users)[:, None] % 3 == np.arange(data.n_items)[None] % 3
    assert effect[own].mean() > effect[~own].mean() + 0.5


def test_new_items_land_among_their_kind(fitted: ResponseRecommender, data: Interactions) -> None:
    states = fitted.item_states_for({name: values[:9] for name, values in data.modalities.items()})
    scores = fitted.serving_tables().users @ states.T
    for item in range(9):
        own = np.arange(data.n_users) % 3 == item % 3
        assert scores[own, item].mean() > scores[~own, item].mean()
    nothing = {
        name: np.full((1, values.shape[1]), np.nan, np.float32) for name, values in data.modalities.items()
    }
    assert fitted.part is not None
    assert fitted.item_states_for(nothing)[0] == pytest.approx(fitted.part.items.mean(axis=0), abs=1e-5)


def test_the_terms_of_an_explanation_add_up(fitted: ResponseRecommender) -> None:
    tables = fitted.serving_tables()
    assert tables.content_users is not None
    assert tables.content_items is not None
    found = [fitted.explain(4, item) for item in range(tables.items.shape[0])]
    for item, one in enumerate(found):
        content, demand, readiness = one.parts
        assert content.value + demand.value + readiness.value == pytest.approx(one.score, abs=1e-4)
        assert content.value == pytest.approx(
            float(tables.content_users[4] @ tables.content_items[item]), abs=1e-5
        )
        assert readiness.value == pytest.approx(found[0].parts[2].value)
    assert np.mean([one.parts[1].value for one in found]) == pytest.approx(0, abs=1e-4)


def test_an_explanation_names_the_looks_that_carried_it(fitted: ResponseRecommender) -> None:
    found, tables = fitted.explain(4, 1, history=99), fitted.serving_tables()
    assert found.score == pytest.approx(float(tables.users[4] @ tables.items[1]), abs=1e-6)
    chosen = set(fitted.history(4).tolist())
    assert (found.without_backdoor, found.without_frontdoor, found.without_topology) == (None, None, None)
    gains = [part.contribution for part in found.carried]
    assert gains == sorted(gains, reverse=True)
    assert found.carried[0].item in chosen
    assert found.carried[0].item % 3 == 1


def test_edges_that_were_answered_have_evidence(fitted: ResponseRecommender, data: Interactions) -> None:
    looks = judged_looks(data)
    assert looks is not None
    answered = looks.reached[0] > 0
    found = fitted.edge_preference(np.stack([looks.users, looks.items])[:, answered])
    assert ((found > 0) & (found <= 1)).all()
    assert np.isnan(fitted.edge_preference(data.valid)).all()  # kept from it
