"""The optional tables and the worth of the modules travel with a saved model; older models lack them."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from causalrec.config import Settings
from causalrec.model.base import OPTIONAL, ServingTables
from causalrec.model.factors import FactorRecommender, plain_tables
from causalrec.model.worth import ModuleWorth
from causalrec.training.factory import FACTS, build_recommender, load_recommender, save_recommender

Small = Callable[..., Settings]
WORTH = (
    ModuleWorth("back-door", kept=False, gain=-0.01, low=-0.02, high=0.0, metric="auc", measured_on="x"),
)


def states(rows: int, first: int) -> np.ndarray:
    return np.arange(first, first + 2 * rows, dtype=np.float32).reshape(rows, 2)


def model(small: Small, tables: ServingTables) -> FactorRecommender:
    recommender = build_recommender(small("lightgcn"))
    assert isinstance(recommender, FactorRecommender)
    recommender.tables, recommender.fold = tables, tables.items
    return recommender


@pytest.fixture
def plain() -> ServingTables:
    return plain_tables(states(3, 0), states(4, 0), np.ones(4, dtype=np.float32))


@pytest.mark.parametrize("given", [(), OPTIONAL[:2], OPTIONAL])
def test_the_optional_tables_come_back_as_they_were_saved(
    small: Small, plain: ServingTables, tmp_path: Path, given: tuple[str, ...]
) -> None:
    sizes = {"raw_users": 3, "raw_items": 4, "content_users": 3, "content_items": 4, "exposure": 4}
    tables = ServingTables.of(plain.arrays() | {name: states(sizes[name], 5) for name in given}, ())
    save_recommender(model(small, tables), tmp_path)
    loaded = load_recommender(tmp_path).serving_tables()
    assert loaded is not None
    assert {name for name in OPTIONAL if getattr(loaded, name) is not None} == set(given)
    for name, array in tables.arrays().items():
        assert np.array_equal(getattr(loaded, name), array)


def test_a_missing_table_of_every_model_is_an_error(plain: ServingTables) -> None:
    arrays = {name: array for name, array in plain.arrays().items() if name != "items"}
    with pytest.raises(KeyError, match="items"):
        ServingTables.of(arrays, ())


def test_the_worth_of_the_modules_is_saved_with_the_model(
    small: Small, plain: ServingTables, tmp_path: Path
) -> None:
    recommender = model(small, plain)
    recommender.worth = WORTH
    save_recommender(recommender, tmp_path)
    assert load_recommender(tmp_path).worth == WORTH


def test_a_model_saved_before_worth_was_measured_still_loads(
    small: Small, plain: ServingTables, tmp_path: Path
) -> None:
    save_recommender(model(small, plain), tmp_path)
    facts = json.loads((tmp_path / FACTS).read_text(encoding="utf-8"))
    del facts["facts"]["worth"]
    (tmp_path / FACTS).write_text(json.dumps(facts), encoding="utf-8")
    assert load_recommender(tmp_path).worth == ()
