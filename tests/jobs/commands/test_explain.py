"""The explain command on a stored model and on a registered one."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from causalrec.config import Settings
from causalrec.dataset.arrays import Interactions
from causalrec.model.causal.explain import ScorePart
from causalrec.registry.explained import Explainer
from causalrec.training.factory import build_recommender, save_recommender
from jobs.cli import main
from jobs.commands.explain import render
from tests.jobs.conftest import Registered

pytestmark = pytest.mark.slow

USERS, ITEMS = 40, 24


def settings_of(name: str) -> Settings:
    return Settings.model_validate(
        {
            "model": {
                "name": name,
                "dim": 8,
                "topology": {"warmup": 1, "refresh_every": 1},
                "blend": {"enabled": False},
            },
            "training": {"epochs": 4, "device": "cpu"},
        }
    )


@pytest.fixture(scope="module")
def shop() -> Interactions:
    rng = np.random.default_rng(0)
    pairs = np.array((rng.random((USERS, ITEMS)) < 0.3).nonzero(), dtype=np.int32)
    pairs = pairs[:, rng.permutation(pairs.shape[1])]
    content = {name: rng.normal(size=(ITEMS, 6)).astype(np.float32) for name in ("image", "text")}
    return Interactions(USERS, ITEMS, pairs[:, 40:], pairs[:, :40], pairs[:, :0], content)


@pytest.fixture(scope="module")
def stored(shop: Interactions, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stored") / "model"
    recommender = build_recommender(settings_of("causal"))
    recommender.fit(shop)
    save_recommender(recommender, folder)
    return folder


def test_the_best_new_item_is_explained(
    stored: Path, shop: Interactions, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", "3", "--model", str(stored), "--history", "99", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    history = set(shop.train[1][shop.train[0] == 3].tolist())
    assert found["user"] == 3
    assert found["item"] not in history
    assert {part["item"] for part in found["carried"]} == history


def test_a_named_item_is_shown_without_each_module_of_the_model(
    stored: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", "3", "5", "--model", str(stored), "--history", "2"]) == 0
    shown = capsys.readouterr().out
    for text in (
        "item 5",
        "without front-door",
        "without topology",
        "confounder code",
        "adds to the score",
    ):
        assert text in shown
    for text in ("back-door", "kappa"):  # picture and text of these items have nothing in common
        assert text not in shown


def test_unknown_ids_and_other_models_are_refused(
    stored: Path, shop: Interactions, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", "nobody", "--model", str(stored)]) == 1
    assert "does not know user nobody" in " ".join(capsys.readouterr().out.split())
    assert main(["explain", "3", "nothing", "--model", str(stored)]) == 1
    other = build_recommender(settings_of("popularity"))
    other.fit(shop)
    save_recommender(other, tmp_path / "other")
    assert main(["explain", "3", "--model", str(tmp_path / "other")]) == 1
    assert "has no explanations" in " ".join(capsys.readouterr().out.split())


def test_the_registered_model_answers_in_ids_and_titles(
    registered: Registered, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    line = ["explain", "u003", "i007", "--settings", str(registered.file)]
    assert main(line) == 1
    assert "has no champion" in " ".join(capsys.readouterr().out.split())
    assert main([*line, "--alias", "challenger"]) == 0
    shown = capsys.readouterr().out
    assert "Thing 7 [i007] for u003" in shown
    assert "score by the raw model" in shown
    assert "content effect" not in shown  # this model does not separate it


def test_a_score_that_is_a_sum_is_shown_as_its_terms(
    stored: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    explainer = Explainer.of_folder(stored)
    found = explainer.explain("3", "5", 2)
    terms = (ScorePart("taste", found.score - 0.25), ScorePart("demand of its brand", 0.25))
    monkeypatch.setenv("COLUMNS", "200")
    alone = replace(found, parts=terms, without_backdoor=None, without_frontdoor=None, without_topology=None)
    Console().print(render(alone, explainer))
    shown = capsys.readouterr().out
    assert f"{found.score - 0.25:+.4f}" in shown
    assert "demand of its brand" in shown
    assert "+0.2500" in shown
    for absent in ("back-door", "front-door", "topology", "kappa"):
        assert absent not in shown
