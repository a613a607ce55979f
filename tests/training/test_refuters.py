"""Each refuter changes what it names and nothing else."""

from dataclasses import replace

import numpy as np
import pytest

from causalrec.config.source import DemoSettings, SourceSettings
from causalrec.dataset.arrays import Interactions, Looks
from causalrec.lab.oracle.generated import GeneratedShop, generated_shop
from causalrec.lab.oracle.truth import Scores, scores_of, truth_ndcg
from causalrec.model.causal.mediator import brand_groups, fit_mediator
from causalrec.training.factory import build_recommender
from causalrec.training.refuters import (
    REFUTERS,
    placebo_content,
    random_columns,
    shuffled_codes,
    shuffled_evidence,
    shuffled_modality,
    shuffled_policy,
    subset,
)
from causalrec.training.worth import with_response
from tests.model.conftest import small_settings


@pytest.fixture
def data() -> Interactions:
    rng = np.random.default_rng(0)
    image = (5 + 2 * rng.standard_normal((500, 4))).astype(np.float32)
    image[::10] = np.nan
    train = np.stack([np.arange(400), np.arange(400)]).astype(np.int32)
    none = np.empty((2, 0), np.int32)
    return Interactions(400, 500, train, none, none, {"image": image}, np.arange(400, dtype=np.float32))


def test_shuffled_rows_are_the_same_rows(data: Interactions) -> None:
    before, after = data.modalities["image"], shuffled_modality(data, 1).modalities["image"]
    assert not np.array_equal(before, after, equal_nan=True)
    assert np.array_equal(np.sort(before, axis=0), np.sort(after, axis=0), equal_nan=True)


def test_placebo_keeps_moments_and_gaps_but_not_content(data: Interactions) -> None:
    before, after = data.modalities["image"], placebo_content(data, 1).modalities["image"]
    assert np.array_equal(np.isnan(before), np.isnan(after))
    assert np.nanmean(after) == pytest.approx(5, abs=0.3)
    assert np.nanstd(after) == pytest.approx(2, abs=0.2)
    present = ~np.isnan(before[:, 0])
    assert abs(np.corrcoef(before[present, 0], after[present, 0])[0, 1]) < 0.15


def test_random_columns_stand_beside_those_of_the_modality(data: Interactions) -> None:
    before, after = data.modalities["image"], random_columns(data, 1).modalities["image"]
    assert np.array_equal(after[:, :4], before, equal_nan=True)
    assert np.array_equal(np.isnan(after[:, 4:]), np.isnan(before[:, :1]).repeat(32, axis=1))
    assert np.nanstd(after[:, 4:]) == pytest.approx(2, abs=0.1)


def test_subset_keeps_pairs_with_their_weights(data: Interactions) -> None:
    found = subset(data, 1)
    assert found.train.shape[1] == pytest.approx(320, abs=40)
    assert found.weights is not None
    assert found.weights.tolist() == found.train[0].tolist()


@pytest.mark.parametrize("name", sorted(REFUTERS))
def test_repeatable_and_harmless(data: Interactions, name: str) -> None:
    brands = tuple(str(item) for item in range(500))
    whole = replace(data, item_attributes={"brand": brands}, looks=some_looks())
    before = contents(whole)
    first, second, other = (contents(REFUTERS[name](whole, seed)) for seed in (1, 1, 3))
    assert first == second
    assert first != other
    assert contents(whole) == before


def test_evidence_moves_among_the_looks_of_a_user() -> None:
    looks = some_looks()
    none = np.empty((2, 0), np.int32)
    data = Interactions(2, 3, none, none, none, looks=looks)
    drawn = [shuffled_evidence(data, seed).looks for seed in range(20)]
    for after in drawn:
        assert after is not None
        assert after.count.tolist() == looks.count.tolist()
        assert (after.reached[0] <= after.count).all()
        assert (after.reached[1] <= after.reached[0]).all()
        for user in (0, 1):
            mine = looks.users == user
            assert after.reached[:, mine].sum(axis=1).tolist() == looks.reached[:, mine].sum(axis=1).tolist()
    assert len({after.reached.tobytes() for after in drawn if after is not None}) > 3
    untold = replace(data, looks=None)
    assert shuffled_evidence(untold, 1) is untold
    assert shuffled_policy(untold, 1) is untold


def test_ways_of_being_shown_move_among_looks_of_their_kind() -> None:
    looks = some_looks()
    none = np.empty((2, 0), np.int32)
    data = Interactions(2, 3, none, none, none, looks=looks)
    for seed in range(10):
        after = shuffled_policy(data, seed).looks
        assert after is not None
        for chance in (False, True):
            before_rows, rows = (of.take(of.uniform[of.strata] == chance).summed() for of in (looks, after))
            per_pair = [
                sorted(zip(of.users, of.items, of.count, *of.reached, strict=True))
                for of in (replace(part, strata=part.strata * 0).summed() for part in (before_rows, rows))
            ]
            assert per_pair[0] == per_pair[1]


def test_codes_are_dealt_out_together(data: Interactions) -> None:
    brands = tuple(str(item) for item in range(500))
    coded = replace(data, item_attributes={"brand": brands, "category": brands})
    dealt = shuffled_codes(coded, 1).item_attributes
    assert dealt["brand"] == dealt["category"] != brands
    assert sorted(dealt["brand"]) == sorted(brands)


def contents(data: Interactions) -> tuple[object, ...]:
    """All that a refuter may change, so that it can be compared."""
    looks = data.looks
    assert looks is not None
    arrays = [data.train, looks.users, looks.items, looks.strata, looks.count, looks.reached]
    modalities = {name: rows.tobytes() for name, rows in data.modalities.items()}
    return *(array.tobytes() for array in arrays), modalities, dict(data.item_attributes)


def some_looks() -> Looks:
    """Two users, three items, three strata of which chance chose what the last one showed."""
    rows = np.array(
        [  # user, item, stratum, looks, clicks, purchases
            (0, 0, 0, 3, 2, 1), (0, 1, 1, 2, 0, 0), (0, 2, 2, 1, 1, 0),
            (1, 0, 1, 4, 1, 1), (1, 1, 0, 1, 0, 0), (1, 2, 0, 2, 2, 0),
        ], np.int32,
    ).T  # fmt: skip
    unknown, old = np.full(6, np.nan, np.float32), np.zeros(6, np.float32)
    return Looks(
        rows[0], rows[1], rows[2], rows[3], rows[4:], unknown, old,
        ("click", "purchase"), ("ranked", "ranked", "uniform"),
        np.array([1, 5, 1], np.float32), np.array([False, False, True]),
    )  # fmt: skip


class TestResponseModel:
    """What must happen to the response model of a shop whose truth is known."""

    @pytest.fixture(scope="class")
    def shop(self) -> GeneratedShop:
        return generated_shop(SourceSettings(seed=5, users=150, items=80, days=30))

    @pytest.fixture(scope="class")
    def before(self, shop: GeneratedShop) -> dict[str, float]:
        return told(shop, shop.data)

    def test_without_evidence_unseen_items_are_in_random_order(
        self, shop: GeneratedShop, before: dict[str, float]
    ) -> None:
        drawn = np.random.default_rng(0).random((150, 80))
        chance = told_by(shop, Scores(drawn.__getitem__, drawn.__getitem__))
        after = told(shop, shuffled_evidence(shop.data, 1))
        for question in ("factual", "do"):
            assert before[question] > chance[question] + 0.25
            assert after[question] == pytest.approx(chance[question], abs=0.06)

    def test_content_of_other_items_gives_back_what_content_gained(
        self, shop: GeneratedShop, before: dict[str, float]
    ) -> None:
        after = told(shop, shuffled_modality(shop.data, 1))
        without = told(shop, shop.data, content=False)
        assert before["do"] > after["do"] + 0.01
        assert after["do"] < without["do"] + 0.02

    def test_random_codes_are_worth_no_more_than_none(self, shop: GeneratedShop) -> None:
        after = told(shop, shuffled_codes(shop.data, 1))
        without = told(shop, shop.data, codes=False)
        assert after["do"] < without["do"] + 0.01
        assert after["factual"] < without["factual"] + 0.01

    def test_how_items_were_shown_does_not_matter_to_the_response(self, shop: GeneratedShop) -> None:
        before, after = (told(shop, data, sweeps=240) for data in (shop.data, shuffled_policy(shop.data, 1)))
        assert after == pytest.approx(before, abs=0.02)  # other rows take other random numbers

    def test_the_front_door_adjusts_nothing_any_more(self) -> None:
        knobs = DemoSettings(campaigns=1.5, campaign_share=0.25, conversion=0.7)
        shop = generated_shop(SourceSettings(seed=5, users=300, items=120, demo=knobs))
        assert spread_of_strata(shop, shop.data) > 0.3
        assert spread_of_strata(shop, shuffled_policy(shop.data, 1)) < 0.1


def told(shop: GeneratedShop, data: Interactions, **response: object) -> dict[str, float]:
    """Question -> NDCG against the truth of a model fitted to ``data``; every look counts as examined."""
    model = build_recommender(with_response(small_settings(), **{"examination": False, **response}))
    model.fit(data)
    return told_by(shop, scores_of(model))


def told_by(shop: GeneratedShop, scores: Scores) -> dict[str, float]:
    users = np.arange(shop.data.n_users, dtype=np.int32)
    truths = {"factual": (scores.factual, shop.truth.factual), "do": (scores.do, shop.truth.do)}
    return {
        name: float(truth_ndcg(score, truth, shop.data, users).mean())
        for name, (score, truth) in truths.items()
    }


def spread_of_strata(shop: GeneratedShop, data: Interactions) -> float:
    """Standard deviation of what a way of being shown adds to buying, over looks, at the true logits."""
    looks, chance = data.looks, shop.truth.factual(np.arange(data.n_users, dtype=np.int32))
    assert looks is not None
    logits = np.log(chance / (1 - chance))[looks.users, looks.items]
    found = fit_mediator(looks, logits, brand_groups(data), data.n_items)
    assert found is not None
    mean = float(found.share @ found.strata)
    return float(np.sqrt(found.share @ (found.strata - mean) ** 2))
