"""New items under an older model: states from their content, or a place of their own."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from causalrec.config import Settings
from causalrec.dataset.load import load_dataset
from causalrec.lake import Lake
from causalrec.ranking.catalogue import Catalogue
from causalrec.ranking.histories import from_positions
from causalrec.registry.package import ModelPackage, open_package, write_package
from causalrec.scoring.night import Night
from causalrec.scoring.tonight import tonight
from causalrec.training.factory import build_recommender
from tests.registry.shop import DS, GROUPS, ITEMS, replace_partition, settings_in, write_dataset

LATER = DS + dt.timedelta(days=5)
NEW = ITEMS + 2


@dataclass(frozen=True)
class Trained:
    settings: Settings
    lake: Lake
    package: ModelPackage


@pytest.fixture(scope="module", params=["causal", "lightgcn", "popularity"])
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    work: Path = tmp_path_factory.mktemp(request.param)
    settings = settings_in(work, request.param)
    write_dataset(settings, vectors=True)
    lake = Lake(settings.lake_root)
    dataset = load_dataset(settings, lake, DS)
    model = build_recommender(settings, work / "checkpoints")
    model.fit(dataset.data)
    write_package(work / "package", model, dataset, {"dataset_id": dataset.dataset_id})
    changes = {"first_seen": dict.fromkeys(range(ITEMS), "2026-02-01") | {ITEMS: "2026-03-05"}}
    write_dataset(settings, ds=LATER, n_items=NEW, vectors=True, changes=changes)
    return Trained(settings, lake, open_package(work / "package"))


def catalogue(of: Trained, **scoring: object) -> Catalogue:
    dataset = load_dataset(of.settings, of.lake, LATER)
    return tonight(Night(of.package, dataset, of.lake, LATER), of.settings.scoring.model_copy(update=scoring))


def test_new_items_are_there_and_marked(trained: Trained) -> None:
    found = catalogue(trained)
    assert found.item_ids.tolist() == [f"i{row:03d}" for row in range(NEW)]
    assert found.titles[-1] == f"Thing {NEW - 1}"
    assert found.model_rows[-2:].tolist() == [-1, -1]
    assert np.flatnonzero(found.rules.fresh).tolist() == [ITEMS, ITEMS + 1]
    by_content = trained.settings.model.name == "causal"
    assert found.rules.listed[-2:].tolist() == [by_content, by_content]
    assert found.rules.listed[:ITEMS].all()


def test_a_state_from_content_lies_near_the_items_of_its_kind(trained: Trained) -> None:
    if trained.settings.model.name != "causal":
        pytest.skip("only the causal model has a content path")
    found = catalogue(trained)
    assert found.states is not None
    units = found.states / np.linalg.norm(found.states, axis=1, keepdims=True)
    for row in (ITEMS, ITEMS + 1):
        cosine = units[:ITEMS] @ units[row]
        kin = np.arange(ITEMS) % GROUPS == row % GROUPS
        assert cosine[kin].mean() > cosine[~kin].mean() + 0.2


def test_a_blocked_new_item_is_not_there(trained: Trained) -> None:
    assert catalogue(trained, blocked_items=(f"i{ITEMS:03d}",)).size == NEW - 1


def test_vectors_of_another_encoder_give_no_state(trained: Trained) -> None:
    row = trained.lake.table("datasets").read(where={"ds": [LATER.isoformat()]}).to_pylist()[0]
    other = {name: value for name, value in row.items() if name != "ds"} | {"text_encoder": "another"}
    replace_partition(trained.lake, "datasets", LATER, [other])
    assert not catalogue(trained).rules.listed[-2:].any()
    replace_partition(trained.lake, "datasets", LATER, [other | {"text_encoder": "words"}])


def test_a_user_who_came_later_gets_what_the_model_itself_says(trained: Trained) -> None:
    """The engine without torch against the recommender's own fold-in: front-door and content among it."""
    model, package = trained.package.recommender(), trained.package
    if model.name == "popularity":
        pytest.skip("it knows no users")
    past = [np.array([0, 4, 9], dtype=np.int32), np.array([7], dtype=np.int32)]
    flat = np.concatenate(past).astype(np.int64)  # ids are sorted, so positions are the model's rows
    settings = trained.settings.scoring.model_copy(update={"k": ITEMS})
    engine = package.engine(settings)
    nobody = np.full(2, -1, dtype=np.int32)
    (block,) = engine.recommend(nobody, from_positions(np.array([3, 1]), flat), ITEMS)
    scores = model.score_histories(past)
    assert set(block.fallback) == {"fold_in+catalogue_exhausted"}
    for row, items in enumerate(past):
        mine = block.users == row
        assert set(block.items[mine].tolist()) == set(range(ITEMS)) - set(items.tolist())
        assert block.scores[mine] == pytest.approx(scores[row, block.items[mine]], abs=1e-5)
