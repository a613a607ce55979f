import pytest

from causalrec.model.causal.recommender import CausalRecommender
from causalrec.training.factory import build_recommender
from tests.model.conftest import make_toy, small_settings

pytestmark = pytest.mark.slow


def test_shops_past_the_size_of_the_closed_form_keep_the_encoder_alone() -> None:
    data = make_toy()
    fewer = min(data.n_users, data.n_items)
    for largest, blended in ((fewer, True), (fewer - 1, False)):
        settings = small_settings("causal", model={"blend": {"largest": largest}})
        recommender = build_recommender(settings)
        assert isinstance(recommender, CausalRecommender)
        recommender.fit(data)
        assert (recommender.blend is not None) == blended
