"""Scores of a version in the numbering of a newer dataset."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from causalrec.dataset.arrays import Floats, Ints
from causalrec.errors import TrainingError
from causalrec.registry.gate import scores
from causalrec.registry.gate.scores import baselines, score_on
from causalrec.training import factory, free_memory

from ..shop import settings_in


class Model:
    """Scores: ten times the user plus the item; of a history, minus the sum of its items."""

    def score(self, users: Ints) -> Floats:
        return (10 * users[:, None] + np.arange(3)).astype(np.float32)

    def score_histories(self, histories: list[Ints]) -> Floats:
        assert {history.dtype for history in histories} == {np.dtype(np.int32)}
        return np.array(
            [[-float(history.sum()) - item for item in range(3)] for history in histories], np.float32
        )


def package() -> Any:  # noqa: ANN401 - as much of a package as is asked for
    """Items a, b, c; users v and w, of whom it learnt."""
    model = Model()
    return SimpleNamespace(
        judged=lambda: model,
        manifest={"dataset_id": "old"},
        item_ids=np.array(["a", "b", "c"], dtype=object),
        rows_of=lambda ids: np.array([{"v": 0, "w": 1}.get(name, -1) for name in ids], dtype=np.int32),
    )


def dataset(name: str) -> Any:  # noqa: ANN401 - as much of a dataset as is asked for
    """Items c, d, a; users w, x; x has chosen d and c, and w has chosen a."""
    train = sp.csr_matrix(np.array([[0, 0, 1], [1, 1, 0]], dtype=np.float32))
    return SimpleNamespace(
        dataset_id=name,
        user_ids=np.array(["w", "x"], dtype=object),
        item_ids=np.array(["c", "d", "a"], dtype=object),
        data=SimpleNamespace(train_matrix=lambda: train),
    )


def test_the_same_data_need_no_new_numbers() -> None:
    score = score_on(package(), dataset("old"))
    assert score(np.array([1], np.int32)).tolist() == [[10.0, 11.0, 12.0]]


@pytest.mark.parametrize(
    ("users", "wanted"),
    [
        ([0], [[12.0, -np.inf, 10.0]]),
        ([1], [[-4.0, -np.inf, -2.0]]),  # of its history only c is known, as number 2
        ([1, 0], [[-4.0, -np.inf, -2.0], [12.0, -np.inf, 10.0]]),
    ],
)
def test_users_and_items_are_renumbered(users: list[int], wanted: list[list[float]]) -> None:
    found = score_on(package(), dataset("new"))(np.array(users, np.int32))
    assert found.tolist() == wanted
    assert found.dtype == np.float32


class Fitted:
    """A baseline; one of a large catalogue does not fit."""

    def __init__(self, name: str, fails: str) -> None:
        self.name, self.fails = name, fails

    def fit(self, data: object) -> None:
        if self.name == self.fails:
            raise TrainingError("too large", do="nothing")

    def score(self) -> str:
        return self.name


@pytest.mark.parametrize(("fails", "left"), [("", ["popularity", "ease"]), ("ease", ["popularity"])])
def test_a_baseline_that_does_not_fit_is_left_out(
    fails: str, left: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(factory, "build_recommender", lambda settings: Fitted(settings.model.name, fails))
    data: Any = SimpleNamespace(n_items=1_000)
    found: Any = baselines(settings_in(Path("/nowhere")), data)
    assert [score() for score in found.values()] == list(found) == left


def test_ease_is_left_out_where_memory_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(factory, "build_recommender", lambda settings: Fitted(settings.model.name, ""))
    data: Any = SimpleNamespace(n_items=1_000)
    for room, left in ((12_000_000, ["popularity", "ease"]), (11_999_999, ["popularity"])):
        monkeypatch.setattr(free_memory, "available_bytes", lambda room=room: room)
        assert list(baselines(settings_in(Path("/nowhere")), data)) == left


def test_popularity_always_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        factory, "build_recommender", lambda settings: Fitted(settings.model.name, "popularity")
    )
    data: Any = SimpleNamespace(n_items=1_000)
    with pytest.raises(TrainingError):
        scores.baselines(settings_in(Path("/nowhere")), data)
