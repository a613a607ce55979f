"""Alignment of the lite towers: the loss by hand, splits without leaks, recalls, and the saved checkpoint."""

import datetime as dt
import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from causalrec.config.align import AlignSettings
from causalrec.config.features import ImageSettings, TextSettings
from causalrec.errors import FeatureError, SettingsError
from causalrec.features.alignment.fit import Projections, align, contrast, same_content, started, untrained
from causalrec.features.alignment.pairs import ContentPairs, read_pairs, split_pairs
from causalrec.features.alignment.retrieval import measure_retrieval
from causalrec.features.alignment.save import CARD, save_checkpoint
from causalrec.features.catalogue import latest_items
from causalrec.features.encoders.image import image_encoder_id, load_image_encoder
from causalrec.features.encoders.text import load_text_encoder, text_encoder_id
from causalrec.lake import Lake
from causalrec.pictures.decode import decode
from jobs.cli import main
from tests.features.shop import images, products, shop_settings, vectors
from tests.pictures.samples import colour_encodings, scene

DS = dt.date(2026, 3, 1)
SMALL = AlignSettings(dim=8, epochs=6, batch_size=64, min_pairs=20)


def made_pairs(count: int = 300, seed: int = 0, noise: float = 2.0) -> ContentPairs:
    """Two views of one cause, in spaces of their own, on large means as real towers have them."""
    rng = np.random.default_rng(seed)
    cause = rng.normal(size=(count, 6))

    def view(dim: int) -> np.ndarray:
        rows = cause @ rng.normal(size=(6, dim)) + noise * rng.normal(size=(count, dim)) + 5 * rng.random(dim)
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)

    return ContentPairs(view(40), view(24), *(np.arange(count) for _ in range(3)))


def test_recalls_by_hand() -> None:
    image = np.eye(4, dtype=np.float32)
    text = np.eye(4, dtype=np.float32)[[0, 2, 1, 3]]
    own = np.arange(4)
    found = measure_retrieval(image, text, own, own, (1, 4))
    assert found.to_text == {1: 0.5, 4: 1.0}
    assert found.to_image == {1: 0.5, 4: 1.0}
    assert (found.chance(1), found.mean(1)) == (0.25, 0.5)


def test_a_text_of_two_pictures_counts_once_and_either_picture_is_right() -> None:
    image = np.array([[1, 0], [0.6, 0.8], [-1, 0]], np.float32)
    text = np.array([[1, 0], [1, 0], [-1, 0]], np.float32)
    found = measure_retrieval(image, text, np.arange(3), np.array([0, 0, 1]), (1,))
    assert (found.pictures, found.texts) == (3, 2)
    assert found.to_image == {1: 1.0}
    assert found.to_text == {1: 1.0}


def test_a_constant_encoder_finds_nothing() -> None:
    same = np.ones((10, 3), np.float32)
    found = measure_retrieval(same, same, np.arange(10), np.arange(10), (1, 9, 10))
    assert found.to_text == {1: 0.0, 9: 0.0, 10: 1.0}


def test_the_loss_by_hand_leaves_shared_content_out() -> None:
    image = torch.eye(3)
    left_out = same_content(torch.tensor([0, 1, 2]), torch.tensor([5, 5, 6]))
    assert left_out.tolist() == [[False, True, False], [True, False, False], [False, False, False]]
    loss = contrast(image, image, left_out, torch.tensor(0.0))
    one, two = np.log(1 + np.exp(-1)), np.log(1 + 2 * np.exp(-1))
    assert float(loss) == pytest.approx((2 * one + two) / 3, abs=1e-6)


@given(st.integers(0, 2**16), st.integers(0, 40))
def test_no_picture_text_or_name_is_on_two_sides(seed: int, shared: int) -> None:
    rng = np.random.default_rng(seed)
    image_of, text_of = rng.permutation(120), np.arange(120)
    image_of[:shared] = image_of[shared // 2]
    text_of[rng.integers(0, 120, 20)] = 3
    rows = np.arange(120, dtype=np.float32)[:, None]
    names = rng.permutation(120) // 2
    parts = split_pairs(ContentPairs(rows, rows, image_of, text_of, names), seed)
    sides = (parts.train, parts.valid, parts.held_out)
    assert sum(map(len, sides)) == 120
    for name in ("image_of", "text_of", "product_of"):
        contents = [set(getattr(side, name).tolist()) for side in sides]
        assert not (contents[0] & contents[1] | contents[0] & contents[2] | contents[1] & contents[2])


def test_training_beats_the_floor_and_does_not_lose_to_its_start() -> None:
    split = split_pairs(made_pairs(), 7)
    found = align(split, SMALL, 7)
    floor = untrained(split, SMALL, 7).measure(split.held_out)
    assert found.projections.measure(split.held_out).mean(10) > 3 * floor.mean(10)
    assert found.history[0] == started(split, SMALL).measure(split.valid).overall()
    assert found.history[found.best_epoch] == max(found.history)
    assert len(found.history) <= SMALL.epochs + 1


def test_the_same_seed_gives_the_same_projections_and_leaves_the_global_generator_alone() -> None:
    split = split_pairs(made_pairs(), 7)
    torch.manual_seed(1)
    first = align(split, SMALL, 7)
    drawn = torch.rand(1)
    torch.manual_seed(1)
    second = align(split, SMALL, 7)
    assert torch.equal(drawn, torch.rand(1))
    assert np.array_equal(first.projections.image, second.projections.image)
    assert first.history == second.history != align(split, SMALL, 8).history


def test_the_start_has_no_constant_direction() -> None:
    pairs = made_pairs()
    start = started(split_pairs(pairs, 7), SMALL)
    mean = split_pairs(pairs, 7).train.image.astype(np.float64).mean(axis=0)
    assert np.abs(start.image @ mean).max() < 1e-4


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Projections]:
    rng = np.random.default_rng(0)
    image, text = (rng.normal(size=(16, dim)).astype(np.float32) for dim in (1280, 384))
    projections = Projections(image, text, 3.0)
    folder = tmp_path_factory.mktemp("aligned") / "shop"
    return save_checkpoint(projections, folder, 32, {"ds": "2026-03-01"}), projections


def test_both_halves_load_by_path_and_give_the_projected_vectors(
    checkpoint: tuple[Path, Projections],
) -> None:
    folder, projections = checkpoint
    image, text = ImageSettings(model=f"local-dir:{folder}"), TextSettings(model=f"local-dir:{folder}")
    picture = decode(colour_encodings(scene())["png"], image, 224)
    seen = load_image_encoder(image, image_encoder_id(image)).encode([picture])
    plain = load_image_encoder(ImageSettings(), image_encoder_id(ImageSettings())).encode([picture])
    assert seen.shape == (1, 16)
    assert cosine(seen, plain @ projections.image.T).min() > 0.99999
    words = ["a red shirt", "", "ein Hemd, größer & länger " * 3, "word " * 40]
    read, truncated = load_text_encoder(text, text_encoder_id(text)).encode(words)
    limited = TextSettings(max_tokens=32)
    whole, cut = load_text_encoder(limited, text_encoder_id(limited)).encode(words)
    assert cosine(read, whole @ projections.text.T).min() > 0.9999
    assert truncated.tolist() == cut.tolist() == [False, False, True, True]


def test_the_text_half_honours_precision_and_back_end(checkpoint: tuple[Path, Projections]) -> None:
    model = f"local-dir:{checkpoint[0]}"
    words = ["a red shirt", "ein Hemd", "word " * 40]

    def encoded(**how: object) -> tuple[str, np.ndarray]:
        chosen = TextSettings.model_validate({"model": model, **how})
        name = text_encoder_id(chosen)
        return name, load_text_encoder(chosen, name).encode(words)[0]

    plain, base = encoded()
    half, short = encoded(precision="bf16")
    assert plain.replace("-c1", "-bf16-c1") == half
    assert 0.99 < cosine(short, base).min() < 1 - 1e-7
    if find_spec("onnxruntime"):
        name, other = encoded(backend="onnxruntime")
        assert "-ort-" in name
        assert cosine(other, base).min() > 0.99999
    with pytest.raises(SettingsError, match="fp32"):
        encoded(backend="onnxruntime", precision="bf16")


def cosine(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return np.asarray(
        (left * right).sum(axis=1) / np.linalg.norm(left, axis=1) / np.linalg.norm(right, axis=1)
    )


def test_the_identity_is_that_of_the_content(checkpoint: tuple[Path, Projections], tmp_path: Path) -> None:
    folder, projections = checkpoint
    again = save_checkpoint(projections, tmp_path / "shop", 32, {"ds": "another"})
    other = Projections(projections.image + 1, projections.text, 3.0)
    changed = save_checkpoint(other, tmp_path / "other" / "shop", 32, {})
    ids = [image_encoder_id(ImageSettings(model=f"local-dir:{path}")) for path in (folder, again, changed)]
    texts = [text_encoder_id(TextSettings(model=f"local-dir:{path}")) for path in (folder, again, changed)]
    assert ids[0] == ids[1] != ids[2]
    assert texts[0] == texts[1] != texts[2]
    assert ids[0].startswith("image-shop-")
    assert ids[0] != image_encoder_id(ImageSettings())
    assert json.loads((folder / CARD).read_text())["model"] == "causalrec-lite-aligned"
    with pytest.raises(FeatureError, match="not empty"):
        save_checkpoint(projections, folder, 32, {})
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_folder_that_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    (tmp_path / "open_clip_config.json").write_text("{}")
    with pytest.raises(FeatureError):
        text_encoder_id(TextSettings(model=f"local-dir:{tmp_path}"))
    with pytest.raises(FeatureError):
        image_encoder_id(ImageSettings(model=f"local-dir:{tmp_path}"))


def test_the_command_trains_reports_and_saves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings, lake = shop_settings(tmp_path / "work")
    items = [f"i{number:03d}" for number in range(60)]
    products(lake, DS, {item: [f"{item}.jpg"] for item in items}, {item: f"Thing {item}" for item in items})
    _store(lake, settings.features.image, settings.features.text, items)
    file = tmp_path / "settings.toml"
    file.write_text(f'[paths]\nwork = "{tmp_path / "work"}"\n[align]\ndim = 8\nepochs = 1\nmin_pairs = 20\n')
    command = ["align", "--ds", "2026-03-01", "--settings", str(file), "--out", str(tmp_path / "out")]
    assert main([*command, "--seeds", "1"]) == 0
    printed = capsys.readouterr().out
    assert "untrained projections" in printed
    assert f"CAUSALREC__FEATURES__TEXT__MODEL=local-dir:{tmp_path / 'out'}" in printed
    assert image_encoder_id(ImageSettings(model=f"local-dir:{tmp_path / 'out'}")).startswith("image-out-")
    card = json.loads((tmp_path / "out" / CARD).read_text())
    assert (card["pairs"], card["ds"]) == (60, "2026-03-01")
    assert main(["align", "--ds", "2026-02-01", "--settings", str(file), "--out", str(tmp_path / "no")]) == 1


def _store(lake: Lake, image: ImageSettings, text: TextSettings, items: list[str]) -> None:
    """Pictures and vectors of both modalities as the jobs would have stored them."""
    images(lake, DS, {item: f"{number:064x}" for number, item in enumerate(items)})
    known = latest_items(lake, DS)
    pairs = made_pairs(len(items))
    vectors(lake, image_encoder_id(image), known["sha256"].tolist(), pairs.image)
    vectors(lake, text_encoder_id(text), known["text_key"].tolist(), pairs.text)


def test_other_towers_and_small_catalogues_are_refused(tmp_path: Path) -> None:
    settings, lake = shop_settings(tmp_path)
    with pytest.raises(FeatureError, match="are needed"):
        read_pairs(settings, lake, DS)
    other, _ = shop_settings(tmp_path, model="ViT-B-32", pretrained="laion2b_s34b_b79k")
    with pytest.raises(FeatureError, match="not from the lite towers"):
        read_pairs(other, lake, DS)
