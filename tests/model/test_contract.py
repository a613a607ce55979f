"""What every recommender must do, on data whose answer is known."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from causalrec.config import Settings
from causalrec.dataset.arrays import Interactions, Ints
from causalrec.errors import RegistryError, TrainingError
from causalrec.model.base import Recommender
from causalrec.training.factory import build_recommender, load_recommender, save_recommender

pytestmark = pytest.mark.slow

RIVALS = ("bpr_mf", "ips_mf", "pd", "vbpr", "freedom", "lightgcn")
COSINES = ("bpr_mf", "vbpr", "freedom")  # rivals that also come with the loss of the causal model
CONTENT_ONLY = ("content_knn",)
CLOSED = ("popularity", "item_knn", "ease", "edlae", "content_ease", *CONTENT_ONLY)
NAMES = (
    *CLOSED,
    "ials",
    "multvae",
    "sasrec",
    "lightgcn",
    "xsimgcl",
    "causal",
    *(f"{name}:bpr" for name in RIVALS),
    *COSINES,
)
LEARNED = NAMES[len(CLOSED) :]
PERSONAL = NAMES[1:]

Toy = Callable[..., Interactions]
Small = Callable[..., Settings]


def fitted(small: Small, name: str, data: Interactions, **changes: dict[str, object]) -> Recommender:
    name, _, loss = name.partition(":")
    if loss:
        changes["training"] = {"loss": loss, "learning_rate": 0.05, **changes.get("training", {})}
    recommender = build_recommender(small(name, **changes))
    recommender.fit(in_order(data) if name == "sasrec" else data)
    return recommender


def in_order(data: Interactions) -> Interactions:
    """``data`` with times of the training pairs, which say nothing of what is liked."""
    return replace(data, times=np.arange(data.train.shape[1], dtype=np.int64) % 30)


def hits(recommender: Recommender, data: Interactions, k: int = 5) -> float:
    """Share of test pairs among the top k unseen items."""
    seen = np.asarray(data.train_matrix().todense()) > 0
    top, _ = recommender.recommend(np.arange(data.n_users, dtype=np.int32), k, seen)
    return float(np.mean([item in top[user] for user, item in data.test.T]))


@pytest.fixture(scope="module", params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def model(name: str, toy: Toy, small: Small) -> Recommender:
    return fitted(small, name, toy())


class TestEveryRecommender:
    def test_scores_are_finite_and_of_the_right_shape(self, model: Recommender, toy: Toy) -> None:
        scores = model.score(np.array([3, 0, 3], dtype=np.int32))
        assert scores.shape == (3, toy().n_items)
        assert scores.dtype == np.float32
        assert np.isfinite(scores).all()
        assert np.array_equal(scores[0], scores[2])

    def test_better_than_chance(self, name: str, model: Recommender, toy: Toy) -> None:
        chance = 5 / toy().n_items
        assert hits(model, toy()) > (2.0 if name in PERSONAL else 0.8) * chance

    def test_seen_items_come_last(self, model: Recommender, toy: Toy) -> None:
        data = toy()
        seen = np.asarray(data.train_matrix().todense()) > 0
        users = np.arange(data.n_users, dtype=np.int32)
        top, scores = model.recommend(users, data.n_items, seen)
        bought = np.take_along_axis(seen, top.astype(np.int64), axis=1)
        assert np.array_equal(np.isneginf(scores), bought)
        assert (np.diff(bought.astype(int), axis=1) >= 0).all()

    def test_k_above_the_catalogue_gives_the_catalogue(self, model: Recommender, toy: Toy) -> None:
        top, _ = model.recommend(np.array([1], dtype=np.int32), 999)
        assert sorted(top[0]) == list(range(toy().n_items))

    def test_same_seed_same_scores(self, name: str, model: Recommender, toy: Toy, small: Small) -> None:
        users = np.arange(9, dtype=np.int32)
        assert np.array_equal(fitted(small, name, toy()).score(users), model.score(users))

    def test_saved_and_loaded_scores_are_identical(
        self, model: Recommender, toy: Toy, tmp_path: Path
    ) -> None:
        save_recommender(model, tmp_path)
        loaded = load_recommender(tmp_path)
        users = np.arange(toy().n_users, dtype=np.int32)
        assert np.array_equal(loaded.score(users), model.score(users))
        histories = [np.array([0, 3], dtype=np.int32), np.array([], dtype=np.int32)]
        assert np.array_equal(loaded.score_histories(histories), model.score_histories(histories))
        assert {file.suffix for file in tmp_path.iterdir()} == {".safetensors", ".json"}

    def test_new_user_gets_the_items_of_the_history(self, name: str, model: Recommender, toy: Toy) -> None:
        history = np.array([0, 3, 6], dtype=np.int32)
        scores = model.score_histories([history, np.array([], dtype=np.int32)])
        assert scores.shape == (2, toy().n_items)
        assert np.isfinite(scores).all()
        if name in PERSONAL:
            group = np.arange(toy().n_items) % 3 == 0
            assert scores[0][group].mean() > scores[0][~group].mean()

    def test_works_without_content(self, name: str, toy: Toy, small: Small) -> None:
        if name in CONTENT_ONLY:
            with pytest.raises(TrainingError, match="no content"):
                fitted(small, name, toy(0))
        else:
            assert hits(fitted(small, name, toy(0)), toy(0)) > (0.4 if name in PERSONAL else 0.15)

    def test_missing_rows_do_not_spread(self, name: str, toy: Toy, small: Small) -> None:
        data = toy()
        content = {key: values.copy() for key, values in data.modalities.items()}
        content["image"][:4] = np.nan
        content["text"][2:7] = 0.0
        recommender = fitted(small, name, replace(data, modalities=content))
        assert np.isfinite(recommender.score(np.arange(data.n_users, dtype=np.int32))).all()

    def test_one_user(self, name: str, small: Small) -> None:
        pairs = np.array([[0, 0, 0], [0, 1, 2]], dtype=np.int32)
        none = np.empty((2, 0), dtype=np.int32)
        content = {"image": np.eye(5, dtype=np.float32)}
        data = Interactions(1, 5, pairs, none, none, content)
        recommender = fitted(small, name, data, training={"epochs_unvalidated": 2})
        assert np.isfinite(recommender.score(np.array([0], dtype=np.int32))).all()

    def test_single_item(self, name: str, small: Small) -> None:
        pairs = np.array([[0, 1, 2], [0, 0, 0]], dtype=np.int32)
        none = np.empty((2, 0), dtype=np.int32)
        content = {"image": np.ones((1, 3), dtype=np.float32)}
        data = Interactions(3, 1, pairs, none, none, content)
        if name in CONTENT_ONLY:  # one item has nothing to be like
            pytest.skip("one item is like no other")
        recommender = fitted(small, name, data, training={"epochs_unvalidated": 2})
        assert np.isfinite(recommender.score(np.arange(3, dtype=np.int32))).all()

    @pytest.mark.slow
    def test_numbering_of_ids_does_not_matter(
        self, name: str, model: Recommender, toy: Toy, small: Small
    ) -> None:
        learned = name in LEARNED
        data = toy(users=240) if learned else toy()
        if name in CONTENT_ONLY:  # zero scores are tied and ordered by id, so it must have nothing to choose
            data = toy(1)
            model = fitted(small, name, data)
        rng = np.random.default_rng(5)
        users, items = rng.permutation(data.n_users), rng.permutation(data.n_items)
        moved = renumbered(data, users, items)
        other = fitted(small, name, moved)
        if learned:  # another draw of the initial states: alike but for chance, in three standard errors
            first, second = hits(fitted(small, name, data), data), hits(other, moved)
            middle = (first + second) / 2
            chance = np.sqrt(2 * middle * (1 - middle) / data.test.shape[1])
            assert abs(first - second) < 3 * chance
        else:
            everyone = np.arange(data.n_users, dtype=np.int32)
            assert np.allclose(
                other.score(users.astype(np.int32))[:, items], model.score(everyone), atol=1e-4
            )

    def test_tables_reproduce_the_scores(self, model: Recommender, toy: Toy) -> None:
        tables = model.serving_tables()
        if tables is None:
            pytest.skip(f"{model.name} has no factorised form")
        users = np.arange(7, dtype=np.int32)
        assert np.allclose(tables.users[users] @ tables.items.T, model.score(users), atol=1e-6)
        assert tables.items_unadjusted.shape == tables.items.shape
        assert np.array_equal(tables.popularity, np.bincount(toy().train[1], minlength=toy().n_items))
        assert ((tables.gate >= 0) & (tables.gate <= 1)).all()
        assert (tables.coarse < max(len(tables.code_names), 1)).all()


def renumbered(data: Interactions, users: "np.ndarray", items: "np.ndarray") -> Interactions:
    """The same data where old user u is called users[u] and old item i is called items[i]."""

    def moved(pairs: Ints) -> Ints:
        return np.stack([users[pairs[0]], items[pairs[1]]]).astype(np.int32)

    content = {name: np.empty_like(values) for name, values in data.modalities.items()}
    for name, values in data.modalities.items():
        content[name][items] = values
    return replace(
        data,
        train=moved(data.train),
        valid=moved(data.valid),
        test=moved(data.test),
        modalities=content,
        item_attributes={},
    )


def test_a_damaged_model_is_refused(toy: Toy, small: Small, tmp_path: Path) -> None:
    save_recommender(fitted(small, "popularity", toy()), tmp_path)
    (tmp_path / "recommender.safetensors").write_bytes(b"broken")
    with pytest.raises(RegistryError, match="no readable model"):
        load_recommender(tmp_path)
