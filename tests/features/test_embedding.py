"""Vectors on Spark: only new content reaches the model, and only what was ingested is embedded."""

import datetime as dt
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from causalrec.config.features import ImageSettings
from causalrec.errors import FeatureError
from causalrec.features.encoders.image import image_encoder_id
from causalrec.features.encoders.text import text_encoder_id
from causalrec.features.image_embedding import embed_images
from causalrec.features.image_task import ImageTask
from causalrec.features.increment import worker_errors
from causalrec.features.store import latest_vectors
from causalrec.features.text_embedding import embed_texts
from causalrec.features.texts import content_key
from causalrec.ingest.images import ingest_images
from causalrec.lake import Ledger
from causalrec.pictures.resolver import Resolver
from tests.features.shop import products, shop_settings
from tests.pictures.samples import encoded, scene

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import SparkSession

FIRST, SECOND = dt.date(2026, 3, 1), dt.date(2026, 3, 2)
WHOLE = {"batches_halved": 0, "on_gpu": 0}


def no_spark() -> "SparkSession":
    raise AssertionError("Spark was started for nothing")


@pytest.mark.spark
@pytest.mark.slow
def test_the_life_of_pictures(tmp_path: Path, spark: "SparkSession") -> None:
    """1,000 items with the same bytes cost one call, a second run none; changed bytes get their own key."""
    settings, lake = shop_settings(tmp_path)
    ledger, root = Ledger(lake), Path(settings.image_roots[0])
    red, blue, green = (encoded(scene(colour=colour), "PNG") for colour in ("red", "blue", "green"))
    references = {f"item{number}": [f"{number}.png"] for number in range(1_000)}
    for (name,) in references.values():
        (root / name).write_bytes(red)
    products(lake, FIRST, references)
    assert ingest_images(settings, lake, ledger, lambda: spark, FIRST)[FIRST].rows_out == 1_000

    first = embed_images(settings, lake, ledger, lambda: spark, FIRST)
    assert first.counters == {
        "images_decoded": 1,
        "images_cached": 0,
        "images_failed": 0,
        **WHOLE,
    }
    second = embed_images(settings, lake, ledger, no_spark, FIRST)
    assert second.counters == {
        "images_decoded": 0,
        "images_cached": 1,
        "images_failed": 0,
        **WHOLE,
    }
    assert second.writes == ()

    (root / "a.png").write_bytes(blue)
    (root / "b.png").write_bytes(green)
    products(lake, SECOND, {"a": ["a.png"], "b": ["b.png"]})
    ingest_images(settings, lake, ledger, lambda: spark, SECOND)
    (root / "b.png").write_bytes(red + b"changed after it was ingested")
    assert embed_images(settings, lake, ledger, no_spark, FIRST).counters["images_decoded"] == 0
    third = embed_images(settings, lake, ledger, lambda: spark, SECOND)
    assert third.counters == {
        "images_decoded": 1,
        "images_cached": 1,
        "images_failed": 1,
        **WHOLE,
    }
    assert third.rejects == {"image_changed": 1}
    assert third.note == (
        "LOST 1 of 3 pictures (33.3%) as image_changed: deliver the products of these pictures again"
    )

    keys = [hashlib.sha256(data).hexdigest() for data in (red, blue, green)]
    found, matrix = latest_vectors(lake, keys, image_encoder_id(settings.features.image))
    assert found == sorted(keys[:2])
    assert matrix.shape == (2, 1280)
    assert np.allclose(np.linalg.norm(matrix, axis=1), 1, atol=1e-5)


@pytest.mark.spark
@pytest.mark.slow
def test_the_life_of_texts(tmp_path: Path, spark: "SparkSession") -> None:
    settings, lake = shop_settings(tmp_path)
    ledger = Ledger(lake)
    titles = {"a": "Strap top", "b": "Strap  top", "c": "word " * 500}
    products(lake, FIRST, {item: [] for item in "abcd"}, titles)
    first = embed_texts(settings, lake, ledger, lambda: spark, FIRST)
    assert first.counters == {"texts_encoded": 2, "texts_cached": 0, "truncated": 1, **WHOLE}
    assert embed_texts(settings, lake, ledger, no_spark, FIRST).counters["texts_cached"] == 2
    products(lake, SECOND, {"a": [], "e": []}, {"a": "Strap top", "e": "Winter coat"})
    assert embed_texts(settings, lake, ledger, lambda: spark, SECOND).counters == {
        "texts_encoded": 1,
        "texts_cached": 2,
        "truncated": 0,
        **WHOLE,
    }
    keys = [content_key(text) for text in ("Strap top", "Winter coat")]
    found, matrix = latest_vectors(lake, keys, text_encoder_id(settings.features.text))
    assert found == sorted(keys)
    assert matrix.shape == (2, 384)


def test_nothing_delivered_nothing_done(tmp_path: Path) -> None:
    settings, lake = shop_settings(tmp_path)
    assert embed_images(settings, lake, Ledger(lake), no_spark, FIRST).rows_in == 0
    assert embed_texts(settings, lake, Ledger(lake), no_spark, FIRST).rows_in == 0


def batch_of(rows: list[tuple[bytes, list[str]]]) -> "pa.RecordBatch":
    import pyarrow as pa

    keys = [hashlib.sha256(data).hexdigest() for data, _ in rows]
    return pa.RecordBatch.from_pydict({"content_key": keys, "references": [names for _, names in rows]})


def test_a_worker_loads_its_model_once_and_keeps_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from causalrec.features.encoders import image as image_encoder

    loads: list[str] = []
    create = image_encoder._create

    def counted(chosen: ImageSettings) -> object:
        loads.append(chosen.model)
        return create(chosen)

    monkeypatch.setattr(image_encoder, "_create", counted)
    image_encoder._loaded.cache_clear()
    settings, _ = shop_settings(tmp_path, batch_size=2)
    root = Path(settings.image_roots[0])
    red, blue = (encoded(scene(colour=colour), "PNG") for colour in ("red", "blue"))
    (root / "red.png").write_bytes(red)
    (root / "blue.png").write_bytes(blue)
    chosen = settings.features.image
    task = ImageTask(chosen, image_encoder_id(chosen), Resolver(settings.image_roots))
    rows = [
        (b"gone", ["none.png"]),
        (red, ["blue.png", "red.png"]),
        (b"other", ["red.png"]),
        (blue, ["blue.png"]),
    ]
    found = [row for _ in range(2) for batch in task([batch_of(rows)]) for row in batch.to_pylist()]
    assert loads == ["lite"]
    assert [row["reason"] for row in found] == ["image_missing", None, "image_changed", None] * 2
    assert found[1]["vector"] != found[3]["vector"]
    assert np.allclose(found[1]["vector"], found[5]["vector"], atol=1e-6)


def test_the_error_of_a_worker_arrives_as_itself() -> None:
    from pyspark.errors import PythonException

    trace = "Trace\ncausalrec.errors.FeatureError: x gave 1 of 2 vectors with NaN or Inf -> check\n\tat java"
    with pytest.raises(FeatureError, match="NaN or Inf") as caught, worker_errors():
        raise PythonException(trace)
    assert caught.value.do == "check"
