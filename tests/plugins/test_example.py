"""One part of each kind from another package, by the settings that name it."""

import datetime as dt
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from causalrec.config import Settings
from causalrec.config.features import ImageSettings, TextSettings
from causalrec.config.model import ModelSettings
from causalrec.erasure.shop import stores
from causalrec.erasure.store import Found
from causalrec.errors import FeatureError, SettingsError
from causalrec.features.encoders.image import image_encoder_id, load_image_encoder
from causalrec.features.encoders.text import load_text_encoder, text_encoder_id
from causalrec.lake import Lake
from causalrec.lake.upkeep.subject import Subject
from causalrec.plugins import GROUPS, MODELS, plugin_names, plugin_version
from causalrec.scoring.export.run import configured, export
from causalrec.sources.land import land, land_inputs
from causalrec.sources.landing import arrival_dates, delivery_files
from causalrec.training.factory import build_recommender, load_recommender, save_recommender
from tests.model.conftest import make_toy
from tests.scoring.export.nights import DS, publish_night, publish_vectors

pytestmark = [pytest.mark.usefixtures("installed"), pytest.mark.slow]


def test_every_kind_is_found_with_its_version() -> None:
    assert {group: plugin_names(group) for group in GROUPS} == {group: ["example"] for group in GROUPS}
    assert plugin_version(MODELS, "example") == "causalrec-example 1.2.0"


def test_a_source_fills_the_landing_zone_once(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "parcels.csv").write_text(
        "day,number,customer,article\n2026-03-01,n1,u1,i1\n2026-03-02,n2,u1,i2\n"
    )
    source = {"kind": "example", "raw": str(raw)}
    settings = Settings.model_validate({"paths": {"work": tmp_path / "work"}, "source": source})
    day = dt.date(2026, 3, 2)
    assert land(settings, day).rows_out == 3
    assert land(settings, day).note == "nothing to write"
    assert [len(arrival_dates(settings.landing_root, kind)) for kind in ("events", "products")] == [2, 1]
    (file,) = delivery_files(settings.landing_root, "events", day)
    assert json.loads(Path(file).read_text())["event_id"] == "n2"
    before = land_inputs(settings, day)
    (raw / "parcels.csv").write_text("day,number,customer,article\n2026-03-01,n1,u1,i1\n")
    assert land_inputs(settings, day) != before


def test_encoders_are_named_by_what_they_are_and_their_vectors_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pictures, texts = ImageSettings(model="plugin:example"), TextSettings(model="plugin:example")
    image_id, text_id = image_encoder_id(pictures), text_encoder_id(texts)
    assert image_id.startswith("image-example.steps4-")
    assert text_id.startswith("text-example.hash64-")
    image = load_image_encoder(pictures, image_id)
    red, blue = (Image.new("RGB", (40, 20), colour) for colour in ("red", "blue"))
    vectors = image.encode([red, blue, red])
    assert vectors.shape == (3, 64)
    assert (vectors @ vectors.T).round(6).tolist() == [[1, 0, 1], [0, 1, 0], [1, 0, 1]]
    assert image.embed([]).shape == (0, 64)
    written, truncated = load_text_encoder(texts, text_id).encode(["red shoe", "red shoes", "lamp"])
    assert written[0] @ written[1] > 0.7 > 0.3 > written[0] @ written[2]
    assert not truncated.any()
    with pytest.raises(FeatureError, match=r"this worker has encoder image-example\.steps4-"):
        load_image_encoder(pictures, "image-example.steps5-0")
    inner = image._encoder  # type: ignore[attr-defined]
    monkeypatch.setattr(inner, "embed", lambda pixels: np.full((1, 64), np.nan, np.float32))
    with pytest.raises(FeatureError, match="1 of 1 vectors with NaN"):
        image.encode([red])


def test_a_model_is_trained_saved_and_loaded(tmp_path: Path) -> None:
    named = ModelSettings.model_validate({"name": "plugin:example", "dim": 4})
    settings = Settings().model_copy(update={"model": named})
    data = make_toy()
    model = build_recommender(settings)
    model.fit(data)
    seen = np.asarray(data.train_matrix().todense()) > 0
    top, _ = model.recommend(np.arange(data.n_users, dtype=np.int32), 5, seen)
    assert np.mean([item in top[user] for user, item in data.test.T]) > 0.6  # a group has eight items
    save_recommender(model, tmp_path / "model")
    again = load_recommender(tmp_path / "model")
    users = np.arange(3, dtype=np.int32)
    assert np.array_equal(again.score(users), model.score(users))


def test_a_night_is_exported_once(tmp_path: Path) -> None:
    settings = Settings.model_validate(
        {"paths": {"work": tmp_path / "work"}, "export": {"plugins": ["example"], "vectors": True}}
    )
    lake = Lake(settings.lake_root)
    publish_night(lake, DS)
    publish_vectors(lake, DS)
    assert configured(settings) == ("parquet", "example")
    first = export(settings, lake, DS, ["example"], {})
    assert [(one.table, one.rows, one.lists, one.state) for one in first.exported] == [
        ("recommendations", 120, 30, "written"),
        ("similar_items", 2, 1, "written"),
        ("popular_items", 2, 2, "written"),
        ("item_vectors", 200, 200, "written"),
        ("user_vectors", 30, 30, "written"),
    ]
    second = export(settings, lake, DS, ["example"], {})
    assert {one.state for one in second.exported} == {"up to date"}
    plain = settings.model_copy(update={"export": settings.export.model_copy(update={"vectors": False})})
    lists = export(plain, lake, DS, ["example"], {}).exported  # stored vectors stay where they are
    assert [one.table for one in lists] == ["recommendations", "similar_items", "popular_items"]


def test_a_user_is_erased_from_what_it_exports(tmp_path: Path) -> None:
    settings = Settings.model_validate(
        {"paths": {"work": tmp_path / "work"}, "export": {"plugins": ["example", "gone"]}}
    )
    lake = Lake(settings.lake_root)
    publish_night(lake, DS)
    export(settings, lake, DS, ["example"], {})
    places = {place.name: place for place in stores(settings, lake, {})}
    store, user = places["exports by example"], Subject.user("u0003")
    assert store.find(user) == Found.of(rows=4)
    store.erase(user)
    assert store.find(user) == Found("not there")
    assert places["exports by gone"].find(user).state == "not searched"


def test_a_store_that_fails_keeps_no_other_waiting(tmp_path: Path) -> None:
    work = tmp_path / "work"
    settings = Settings.model_validate({"paths": {"work": work}, "export": {"plugins": ["example", "gone"]}})
    lake = Lake(settings.lake_root)
    publish_night(lake, DS)
    (work / "jsonlines").write_text("a file where a folder should be")
    report = export(settings, lake, DS, ["example", "gone", "parquet"], {})
    assert {one.target for one in report.exported} == {"parquet"}
    assert str(report.failed["example"]).startswith("example: FileExistsError")
    assert "set export.plugins to: example" in str(report.failed["gone"])


@pytest.mark.parametrize("kind", ["image", "text"])
def test_an_absent_encoder_is_refused_with_the_names_there_are(kind: str) -> None:
    with pytest.raises(SettingsError, match=rf"features.{kind}.model to: lite, example"):
        if kind == "image":
            image_encoder_id(ImageSettings(model="plugin:absent"))
        else:
            text_encoder_id(TextSettings(model="plugin:absent"))


def test_an_absent_model_is_refused() -> None:
    model = ModelSettings.model_validate({"name": "plugin:absent"})
    with pytest.raises(SettingsError, match=r"no installed package has 'absent' in causalrec.models"):
        build_recommender(Settings().model_copy(update={"model": model}))
