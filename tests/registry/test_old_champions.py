"""Champions that the release before this one registered: they open, score and explain as they did.

``champions/`` holds packages written by the code of that release with the lists that it made of them, and the
script that MLflow runs for its versions.
"""

import importlib.util
import json
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from causalrec.config.known import known
from causalrec.config.model import ModelSettings
from causalrec.config.scoring import ScoringSettings
from causalrec.ranking.histories import from_positions
from causalrec.registry.package import open_package

CHAMPIONS = Path(__file__).with_name("champions")
MODELS = ("causal", "ease")
USERS, K = 6, 5


def recorded(model: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((CHAMPIONS / f"{model}.json").read_text())
    return found


@pytest.mark.parametrize("model", MODELS)
def test_the_same_lists_come_out(model: str) -> None:
    then = recorded(model)
    package = open_package(CHAMPIONS / model, str(then["hash"]))
    engine, known_items = package.engine(ScoringSettings(k=K)), package.histories()
    users = package.user_ids[:USERS]
    chosen = [known_items.of(user) for user in range(USERS)]
    past = from_positions(np.array([items.size for items in chosen]), np.concatenate(chosen))
    popularity = dict(zip(engine.catalogue.item_ids, engine.catalogue.popularity, strict=True))
    lists: dict[str, list[str]] = {}
    cold = set()
    for block in engine.recommend(package.rows_of(users), past, K, users):
        for user, item in zip(block.users, block.items, strict=True):
            lists.setdefault(str(users[user]), []).append(str(engine.catalogue.item_ids[item]))
        cold |= {str(user) for user in users[block.users[block.fallback == "cold_user"]]}
    assert cold == {"u5"}
    for user, items in then["lists"].items():
        if user in cold:  # equally popular items were ordered by id then
            assert [popularity[item] for item in lists[user]] == [popularity[item] for item in items]
        else:
            assert lists[user] == items


@pytest.mark.parametrize("model", MODELS)
def test_the_model_itself_scores_the_same(model: str) -> None:
    package = open_package(CHAMPIONS / model)
    scores = package.recommender().score(np.arange(3, dtype=np.int32))
    np.testing.assert_allclose(scores, recorded(model)["scores"], atol=2e-4)


@pytest.mark.parametrize("model", MODELS)
def test_the_script_in_its_version_still_predicts(model: str) -> None:
    served = _script(CHAMPIONS / "served.py").ServedRecommender()
    served.load_context(SimpleNamespace(artifacts={"package": str(CHAMPIONS / model)}))
    frame = served.predict(None, pd.DataFrame({"user_id": ["u0", "u1"]}), {"k": K})
    for user, items in frame.groupby("user_id")["item_id"]:
        assert items.tolist() == recorded(model)["lists"][user]


def test_settings_that_are_gone_are_left_out_and_others_kept() -> None:
    written = {"dim": 8, "topology": {"contrast": 0.5, "keep": 0.6}, "nobody_knows": 1}
    assert known(ModelSettings, written) == {"dim": 8, "topology": {"keep": 0.6}}


def _script(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("served_then", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
