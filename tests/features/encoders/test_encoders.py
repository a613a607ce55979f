"""The real encoders on real weights: identity, golden conversions, batching, refusals."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from causalrec.config.features import ImageSettings, TextSettings
from causalrec.errors import FeatureError, SettingsError
from causalrec.features.encoders import lite
from causalrec.features.encoders.image import OpenClipEncoder, image_encoder_id, load_image_encoder
from causalrec.features.encoders.text import TransformersEncoder, load_text_encoder, text_encoder_id
from causalrec.pictures.decode import decode
from tests.pictures.samples import colour_encodings, grey_encodings, scene

IMAGE, TEXT = ImageSettings(), TextSettings()


GOLDEN = Path(__file__).with_name("golden_scene.npy")  # float16 (1280,): the scene at 360 x 480 by lite


def test_ids_change_with_whatever_changes_the_vectors() -> None:
    base = text_encoder_id(TEXT)
    assert image_encoder_id(IMAGE) == image_encoder_id(ImageSettings(batch_size=3, threads=2))
    assert base == text_encoder_id(TextSettings(batch_tokens=30))
    assert (
        len(
            {base, text_encoder_id(TextSettings(pooling="cls")), text_encoder_id(TextSettings(max_tokens=64))}
        )
        == 3
    )
    assert image_encoder_id(IMAGE).startswith("image-lite-")
    assert not set(image_encoder_id(IMAGE)) & set("/:=% ")


def test_a_worker_with_other_weights_refuses() -> None:
    with pytest.raises(FeatureError, match="this worker has"):
        load_image_encoder(IMAGE, "image-lite-000000000000-p1")
    with pytest.raises(FeatureError, match="this worker has"):
        load_text_encoder(TEXT, "text-lite-000000000000-mean128-t1")


@pytest.mark.parametrize(
    "bad", [ImageSettings(model="ViT-B-32"), ImageSettings(model="ViT-B-32", pretrained="no-tag")]
)
def test_an_architecture_without_weights_is_refused(bad: ImageSettings) -> None:
    with pytest.raises(SettingsError):
        image_encoder_id(bad)


def test_a_folder_without_weights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FeatureError):
        image_encoder_id(ImageSettings(model=f"local-dir:{tmp_path}"))
    with pytest.raises(FeatureError):
        text_encoder_id(TextSettings(model=str(tmp_path)))


def image_vectors(pictures: dict[str, bytes]) -> np.ndarray:
    encoder = load_image_encoder(IMAGE, image_encoder_id(IMAGE))
    return encoder.encode([decode(data, IMAGE, encoder.side) for data in pictures.values()])


def test_the_same_picture_in_any_encoding_has_the_same_vector() -> None:
    photo = scene(360, 480)
    colour = image_vectors(dict(colour_encodings(photo)))
    assert colour.shape == (12, 1280)
    assert (colour @ colour[0]).min() > 0.995
    golden = np.load(GOLDEN, allow_pickle=False).astype(np.float32)
    assert colour[0] @ golden > 0.9999  # as on the day when it was written down
    assert (colour @ golden).min() > 0.995
    grey = image_vectors(dict(grey_encodings(photo)))
    assert (grey @ grey[0]).min() > 0.9999
    other = image_vectors({"another": colour_encodings(scene(360, 480, "#20a040"))["png"]})
    assert (other @ colour[0]).max() < 0.98


def test_batching_does_not_change_vectors() -> None:
    encoder = load_image_encoder(IMAGE, image_encoder_id(IMAGE))
    pictures = [scene(colour=colour) for colour in ("red", "green", "blue")]
    together = encoder.encode(pictures)
    alone = np.concatenate([encoder.encode([picture]) for picture in pictures])
    assert np.abs(together - alone).max() < 1e-5
    assert encoder.encode([]).shape == (0, 1280)


def test_the_tower_classifies_as_the_packaged_weights_do() -> None:
    """The mapped trunk gives the features that timm's own model gives with the same tensors."""
    import timm

    packaged = torch.load(lite.image_weights(), map_location="cpu", weights_only=True)
    reference = timm.create_model(lite.IMAGE_TOWER, num_classes=1000)
    reference.load_state_dict(dict(zip(reference.state_dict(), packaged.values(), strict=True)), strict=True)
    pixels = torch.rand(1, 3, 224, 224, generator=torch.Generator().manual_seed(0)) * 2 - 1
    with torch.inference_mode():
        expected = reference.eval().forward_head(reference.forward_features(pixels), pre_logits=True)
        model: Any = lite.create_lite_model()
        found = model.encode_image(pixels)
    assert torch.allclose(found, expected, atol=1e-4)


def test_any_open_clip_model_from_a_local_folder(tmp_path: Path) -> None:
    """A small CLIP with its own configuration and safetensors weights drops in by one setting."""
    import open_clip
    from safetensors.torch import save_file

    config = {
        "embed_dim": 16,
        "vision_cfg": {"image_size": 32, "layers": 1, "width": 32, "head_width": 16, "patch_size": 16},
        "text_cfg": {"context_length": 8, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1},
    }
    (tmp_path / "open_clip_config.json").write_text(json.dumps({"model_cfg": config, "preprocess_cfg": {}}))
    torch.manual_seed(0)
    save_file(open_clip.CLIP(**config).state_dict(), tmp_path / "open_clip_model.safetensors")
    chosen = ImageSettings(model=f"local-dir:{tmp_path}")
    encoder = OpenClipEncoder(chosen, image_encoder_id(chosen))
    assert (encoder.dim, encoder.side) == (16, 32)
    assert np.allclose(np.linalg.norm(encoder.encode([scene(), scene()]), axis=1), 1, atol=1e-5)


def test_text_vectors_know_meaning_and_count_truncation() -> None:
    encoder = load_text_encoder(TEXT, text_encoder_id(TEXT))
    vectors, truncated = encoder.encode(
        ["a red summer dress", "word " * 400, "dress for summer, red", "steel hammer"]
    )
    assert vectors.shape == (4, 384)
    assert truncated.tolist() == [False, True, False, False]
    assert vectors[0] @ vectors[2] > vectors[0] @ vectors[3] + 0.3
    assert encoder.encode([])[0].shape == (0, 384)


def test_text_order_and_batch_size_do_not_change_vectors() -> None:
    texts = [f"product {'very ' * length}nice" for length in (9, 0, 30, 3, 1)]
    one, many = (TransformersEncoder(TextSettings(batch_tokens=size), "text") for size in (1, 60))
    assert np.abs(one.encode(texts)[0] - many.encode(texts)[0]).max() < 1e-5
    assert np.abs(many.encode(texts[::-1])[0][::-1] - many.encode(texts)[0]).max() < 1e-5


def test_cls_pooling_is_another_vector() -> None:
    cls = TransformersEncoder(TextSettings(pooling="cls"), "text").encode(["a red dress"])[0]
    mean = TransformersEncoder(TEXT, "text").encode(["a red dress"])[0]
    assert float((cls @ mean.T)[0, 0]) < 0.99


def test_weights_that_give_nan_are_refused(tmp_path: Path) -> None:
    from transformers import AutoModel, AutoTokenizer

    model = AutoModel.from_pretrained(str(lite.text_folder()))
    with torch.no_grad():
        next(model.parameters()).fill_(float("nan"))
    model.save_pretrained(str(tmp_path))
    AutoTokenizer.from_pretrained(str(lite.text_folder())).save_pretrained(str(tmp_path))
    encoder = TransformersEncoder(TextSettings(model=str(tmp_path)), "text-broken")
    with pytest.raises(FeatureError, match="1 of 1 vectors with NaN"):
        encoder.encode(["a"])
