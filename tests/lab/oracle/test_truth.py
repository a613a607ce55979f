"""Lists against a truth that is known: exact gains, masks, and the order of what is told more."""

from dataclasses import replace

import numpy as np
import pytest

from causalrec.config.source import SourceSettings
from causalrec.dataset.arrays import Interactions
from causalrec.errors import DatasetError
from causalrec.lab.oracle.generated import GeneratedShop, generated_shop
from causalrec.lab.oracle.truth import Scores, scores_of, shop_truth, truth_ndcg, truth_rows
from causalrec.model.factors import plain_tables
from causalrec.model.rivals.popularity import PopularityRecommender
from causalrec.sources.demo import names
from causalrec.sources.demo.mechanism import MAX_PROPENSITY, SLATE


@pytest.fixture(scope="module")
def shop() -> GeneratedShop:
    return generated_shop(SourceSettings(users=60, items=40, days=30))


def pairs(*of: tuple[int, int]) -> np.ndarray:
    return np.array(of, np.int32).reshape(-1, 2).T


def test_gains_are_chances_and_seen_items_are_no_candidates() -> None:
    data = Interactions(2, 4, pairs((0, 0)), pairs((1, 3)), pairs())
    chances = np.array([[0.9, 0.1, 0.4, 0.2], [0.5, 0.5, 0.5, 0.9]])
    scores = np.array([[9, 3, 2, 1], [0, 0, 0, 9]], np.float32)
    users = np.arange(2, dtype=np.int32)
    found = truth_ndcg(scores.__getitem__, chances.__getitem__, data, users, k=2)
    second = 1 / np.log2(3)
    assert found.tolist() == pytest.approx([(0.1 + 0.4 * second) / (0.4 + 0.2 * second), 1.0])
    with pytest.raises(DatasetError, match="scores NaN"):
        truth_ndcg(np.full((2, 4), np.nan).__getitem__, chances.__getitem__, data, users)


def test_rows_stand_where_they_must(shop: GeneratedShop) -> None:
    truth, data = shop.truth, shop.data
    swapped = {"knows do": Scores(truth.do, truth.do)}
    rows = {row.model: row for row in truth_rows(truth, data, swapped)}
    assert list(rows) == ["random", "popularity", "knows do", "attainable", "ideal"]
    assert (rows["ideal"].factual, rows["ideal"].do, rows["ideal"].logged) == (1.0, 1.0, 1.0)
    assert rows["knows do"].do == 1.0
    assert rows["knows do"].factual < 1.0
    assert rows["random"].factual < rows["attainable"].factual < 1.0
    assert rows["random"].do + 0.1 < rows["attainable"].do
    assert rows["random"].logged < rows["knows do"].logged < rows["attainable"].logged < 1.0
    low, high = rows["attainable"].factual_interval
    assert low < rows["attainable"].factual < high
    without = {row.model for row in truth_rows(truth, replace(data, looks=None), {})}
    assert without == {"random", "popularity", "ideal"}


def test_content_tables_answer_do(shop: GeneratedShop) -> None:
    model = PopularityRecommender()
    model.fit(shop.data)
    same = scores_of(model)
    assert same.do is same.factual or same.do == same.factual

    users, items = np.ones((60, 1), np.float32), np.arange(40, dtype=np.float32)[:, None]
    tables = replace(plain_tables(users, items, items[:, 0]), content_users=users, content_items=-items)

    class Both(PopularityRecommender):
        def serving_tables(self) -> object:  # type: ignore[override]
            return tables

    found = scores_of(Both()).do(np.zeros(1, np.int32))
    assert found.argmax() == 0


def test_what_is_chosen_anyway_must_be_shown_and_chosen(shop: GeneratedShop) -> None:
    users = np.array([5, 2], np.int32)
    shown, chosen = shop.truth.logged(users), shop.truth.factual(users)
    today = shop.truth.world.source.days - 1
    assert ((shown >= 0) & (shown <= MAX_PROPENSITY * chosen)).all()
    assert (shown / chosen).sum(axis=1) == pytest.approx([SLATE] * 2, rel=0.2)  # some chances are cut
    assert np.array_equal(replace(shop.truth, day=today).logged(users), shown)
    early = replace(shop.truth, day=0).logged(users)
    assert (early[:, shop.truth.world.items.launch_day > 0] == 0).all()


def test_exposure_is_added_where_it_was_learnt(shop: GeneratedShop) -> None:
    users, items = np.ones((60, 1), np.float32), np.arange(40, dtype=np.float32)[:, None]
    tables = replace(plain_tables(users, items, items[:, 0]), exposure=-2 * items[:, 0])

    class Exposed(PopularityRecommender):
        def serving_tables(self) -> object:  # type: ignore[override]
            return tables

        def score(self, users: np.ndarray) -> np.ndarray:
            return np.asarray(tables.users[users] @ tables.items.T)

    logged = scores_of(Exposed()).logged
    assert logged is not None
    assert logged(np.zeros(1, np.int32)).tolist() == [(-items[:, 0]).tolist()]


def test_ids_are_looked_up(shop: GeneratedShop) -> None:
    source = SourceSettings(users=60, items=40, days=30)
    truth = shop_truth(source, names.user_ids([5, 3]).to_pylist(), names.item_ids([0, 39]).to_pylist())
    assert (truth.users.tolist(), truth.items.tolist()) == ([5, 3], [0, 39])
    whole = shop.truth.factual(np.array([5], np.int32))
    assert truth.factual(np.array([0], np.int32)).tolist() == [whole[0, [0, 39]].tolist()]
    with pytest.raises(DatasetError, match="never had"):
        shop_truth(source, ["somebody"], ["p000000"])
    with pytest.raises(DatasetError, match="no known truth"):
        shop_truth(SourceSettings(kind="native"), [], [])


def test_a_generated_shop_repeats(shop: GeneratedShop) -> None:
    again = generated_shop(SourceSettings(users=60, items=40, days=30)).data
    looks, other = shop.data.looks, again.looks
    assert looks is not None
    assert other is not None
    assert looks.reached.tolist() == other.reached.tolist()
    assert (np.diff(looks.reached, axis=0) <= 0).all()
    assert (looks.reached[0] <= looks.count).all()
    assert again.random_exposure is not None
    shown = looks.take(looks.uniform[looks.strata])
    assert again.random_exposure.shape[1] == len(
        set(zip(shown.users.tolist(), shown.items.tolist(), strict=True))
    )
