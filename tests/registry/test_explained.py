"""Explanations by the shop's own ids, of a model whose answers are written down."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from causalrec.dataset.arrays import Floats, Ints
from causalrec.errors import RegistryError
from causalrec.model.base import ServingTables
from causalrec.model.factors import plain_tables
from causalrec.registry import explained
from causalrec.registry.explained import Explainer

IDS = np.array(["a", "b", "c"], dtype=object)
USERS = np.array([[1.0, 2.0], [3.0, 4.0]], np.float32)
ITEMS = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], np.float32)


@dataclass
class Model:
    """Knows two users and three items; its explanation of a pair is the pair."""

    name: str = "written"
    tables: ServingTables | None = field(
        default_factory=lambda: plain_tables(USERS, ITEMS, np.ones(3, np.float32))
    )
    scores: Floats = field(default_factory=lambda: np.array([[1.0, 3.0, 2.0], [1.0, 2.0, 9.0]], np.float32))

    def explain(self, user: int, item: int, history: int = 5) -> Any:  # noqa: ANN401 - the answer is a stand-in
        return user, item, history

    def history(self, user: int) -> Ints:
        return np.array([[1], [0, 2]][user] if user == 0 else [0, 2], dtype=np.int32)

    def score(self, users: Ints) -> Floats:
        return self.scores[users]

    def serving_tables(self) -> ServingTables | None:
        return self.tables


def explainer(model: Model) -> Any:  # noqa: ANN401 - its explanations are stand-ins
    return Explainer("it", model, np.array(["u", "v"], dtype=object), IDS, IDS)


def test_a_pair_by_its_ids_and_the_best_new_item() -> None:
    model = Model()
    found = explainer(model)
    assert found.explain("v", "c", 7) == (1, 2, 7)
    assert found.explain("u", None, 2) == (0, 2, 2)  # b is known to u
    assert found.explain("v", None, 2) == (1, 1, 2)  # a and c are known to v
    assert np.isfinite(model.scores).all()


@pytest.mark.parametrize(("user", "item", "said"), [("w", "a", "user w"), ("u", "d", "item d")])
def test_who_is_not_known_is_named(user: str, item: str, said: str) -> None:
    with pytest.raises(RegistryError, match=f"it does not know {said}"):
        explainer(Model()).explain(user, item, 5)


def test_other_scores_as_far_as_the_model_has_them() -> None:
    tables = plain_tables(USERS, ITEMS, np.ones(3, np.float32))
    assert explainer(Model(tables=None)).other_scores(1, 2) == {}
    assert explainer(Model(tables=tables)).other_scores(1, 2) == {}
    raw = replace(tables, raw_users=2 * USERS, raw_items=ITEMS)
    assert explainer(Model(tables=raw)).other_scores(1, 2) == {"score by the raw model": 14.0}
    half = replace(raw, content_users=USERS)
    assert explainer(Model(tables=half)).other_scores(0, 1) == {"score by the raw model": 4.0}
    both = replace(half, content_items=ITEMS)
    assert explainer(Model(tables=both)).other_scores(0, 1) == {
        "score by the raw model": 4.0,
        "content effect": 2.0,
    }


def test_a_stored_model_goes_by_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Model()
    monkeypatch.setattr(explained, "load_recommender", lambda folder: model)
    found = Explainer.of_folder(Path("x"))
    assert (found.label, found.model) == ("x", model)
    assert found.users.tolist() == ["0", "1"]
    assert found.items.tolist() == ["0", "1", "2"]
    assert found.titles.tolist() == ["item 0", "item 1", "item 2"]
    model.tables = None
    with pytest.raises(RegistryError, match="x has no tables of users and items"):
        Explainer.of_folder(Path("x"))


def test_a_registered_one_goes_by_ids_with_titles_in_its_own_order() -> None:
    @dataclass
    class Catalogue:
        model_rows = np.array([2, 0, 1])
        titles = np.array(["C", "A", "B"], dtype=object)

    @dataclass
    class Package:
        catalogue = Catalogue()
        user_ids = np.array(["u", "v"], dtype=object)
        item_ids = IDS
        model: object

        def recommender(self) -> object:
            return self.model

    made: Any = Package(Model())
    found: Any = Explainer.of_package("version 3", made)
    assert (found.label, found.titles.tolist()) == ("version 3", ["A", "B", "C"])
    assert found.titles.dtype == object
    assert found.explain("v", "b", 1) == (1, 1, 1)

    @dataclass
    class Plain:
        name = "ease"

    made = Package(Plain())
    with pytest.raises(RegistryError, match="version 3 is a ease model, which has no explanations"):
        Explainer.of_package("version 3", made)
