"""The model that MLflow serves keeps the rules of its version and refuses what it cannot answer."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from mlflow.exceptions import MlflowException

from causalrec.config.reasons import ReasonSettings
from causalrec.config.scoring import ScoringSettings
from causalrec.dataset.load import load_dataset
from causalrec.lake import Lake
from causalrec.ranking.wording.book import books_of, packed
from causalrec.registry.package import RULES, WORDING, write_package
from causalrec.registry.served import NOTHING, ServedRecommender
from causalrec.training.factory import build_recommender

from .shop import DS, ITEMS, settings_in, write_dataset

RULED = ScoringSettings(
    k=7,
    blocked_items=("i001",),
    blocked_brands=("acme",),
    blocked_categories=("Shoes",),
    max_per_category=2,
    exclude_seen=False,
)
CHANGES: Mapping[str, Mapping[int, Any]] = {
    "brand": {2: "ACME"},
    "category": {3: "shoes > boots", **dict.fromkeys(range(10, 20), "Hats")},
    "available": {4: False},
}
LONG = "x" * 100_000
WORDS = ReasonSettings(languages=("en", "de"))


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same model under the rules of a shop, and as older code stored it: without any."""
    work = tmp_path_factory.mktemp("served")
    settings = settings_in(work, "popularity")
    pictures = {row: f"{row}.jpg" for row in range(ITEMS)}
    write_dataset(settings, changes={**CHANGES, "title": {30: LONG}, "image_ref": pictures})
    dataset = load_dataset(settings, Lake(settings.lake_root), DS)
    model = build_recommender(settings)
    model.fit(dataset.data)
    facts = {"ds": DS.isoformat(), RULES: RULED.model_dump(mode="json")}
    write_package(work / "ruled", model, dataset, facts)
    taste = build_recommender(settings_in(work, "lightgcn"), work / "checkpoints")
    taste.fit(dataset.data)
    write_package(work / "worded", taste, dataset, {WORDING: packed(WORDS).model_dump(mode="json")})
    write_package(work / "older", model, dataset, {})
    return {name: work / name for name in ("ruled", "worded", "older")}


def served(folder: Path) -> ServedRecommender:
    model = ServedRecommender()
    model.load_context(SimpleNamespace(artifacts={"package": str(folder)}))
    return model


def listed(model: ServedRecommender, users: list[object], **params: object) -> pd.DataFrame:
    frame: pd.DataFrame = model.predict(None, pd.DataFrame({"user_id": users}), params)  # type: ignore[no-untyped-call]
    return frame


def test_rules_of_the_version(packages: dict[str, Path]) -> None:
    frame = listed(served(packages["ruled"]), ["u001", "nobody"])
    assert frame.groupby("user_id").size().to_dict() == {"u001": 7, "nobody": 7}  # its k
    whole = listed(served(packages["ruled"]), ["u001"], k=ITEMS)["item_id"].tolist()
    assert {"i001", "i002", "i003", "i004"}.isdisjoint(whole)
    assert len({f"i{row:03d}" for row in range(10, 20)} & set(whole)) == 2
    assert len(whole) == ITEMS - 4 - 8


def test_reasons_that_a_shop_can_show(packages: dict[str, Path]) -> None:
    """As in the table: the history item behind a row, its picture, and the shop's words; else null."""
    frame = listed(served(packages["worded"]), ["u001", "nobody"])
    mine = frame[frame["reason_item_id"].notna()]
    assert len(mine) >= 3
    assert set(mine["user_id"]) == {"u001"}
    for row in mine.to_dict("records"):
        number, said = int(row["reason_item_id"][1:]), json.loads(row["shop_reason"])
        assert row["reason_image"] == f"{number}.jpg"
        title = "Thing" if number != 3 else ""  # a history item without a title is not named
        assert title in said["de"]
        assert title in said["en"]
    popular = frame[frame["user_id"] == "nobody"]
    assert popular["reason_image"].isna().all()
    phrases = {language: book.popular for language, book in books_of(WORDS).items()}
    assert [json.loads(text) for text in popular["shop_reason"]] == [phrases] * len(popular)
    silent = listed(served(packages["older"]), ["u001"])
    assert silent["shop_reason"].isna().all()
    assert set(frame.columns) == set(NOTHING.columns)


def test_packages_of_older_code_have_no_rules(packages: dict[str, Path]) -> None:
    whole = listed(served(packages["older"]), ["nobody"], k=ITEMS)["item_id"].tolist()
    assert {"i001", "i002", "i003"} <= set(whole)


def test_one_long_title_does_not_widen_all(packages: dict[str, Path]) -> None:
    """Fixed-width texts would take 40 items x 100,000 characters x 4 bytes, and reasons as much again."""
    model = served(packages["ruled"])
    catalogue = model._package.offer
    assert {catalogue.titles.dtype, catalogue.item_ids.dtype} == {np.dtype(object)}
    assert catalogue.titles.nbytes == 8 * catalogue.size
    assert LONG in catalogue.titles.tolist()


def test_an_empty_request_has_an_empty_answer(packages: dict[str, Path]) -> None:
    pd.testing.assert_frame_equal(listed(served(packages["ruled"]), []), NOTHING)


@pytest.mark.parametrize("nobody", [None, float("nan"), pd.NA, ""])
def test_a_row_without_a_user_is_refused(packages: dict[str, Path], nobody: object) -> None:
    with pytest.raises(MlflowException, match=r"row 1 of 2 has no user id") as caught:
        listed(served(packages["ruled"]), ["u001", nobody])
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


@pytest.mark.parametrize("k", [0, -1, 10**9, True, 2.5, "3", None])
def test_a_k_that_cannot_be_is_refused(packages: dict[str, Path], k: object) -> None:
    with pytest.raises(MlflowException, match=r"k is .* -> ask for 1 to 40 rows") as caught:
        listed(served(packages["ruled"]), ["u001"], k=k)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


def test_a_request_without_the_column_is_refused(packages: dict[str, Path]) -> None:
    with pytest.raises(MlflowException, match="the request has no column user_id"):
        served(packages["ruled"]).predict(None, pd.DataFrame({"user": ["u001"]}))  # type: ignore[no-untyped-call]
