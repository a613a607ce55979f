"""A toy shop with a known answer: users of a group buy items of that group."""

from collections.abc import Callable

import numpy as np
import pytest

from causalrec.config import Settings
from causalrec.dataset.arrays import Floats, Interactions

GROUPS = 3
Toy = Callable[..., Interactions]


@pytest.fixture(scope="session")
def toy() -> Toy:
    """toy(modalities=2, users=60, items=24, seed=0) -> Interactions; item i is of group i % 3."""
    return make_toy


def make_toy(modalities: int = 2, users: int = 60, items: int = 24, seed: int = 0) -> Interactions:
    rng = np.random.default_rng(seed)
    user_group, item_group = np.arange(users) % GROUPS, np.arange(items) % GROUPS
    chance = np.where(user_group[:, None] == item_group[None], 0.6, 0.03)
    bought = rng.random((users, items)) < chance
    pairs = np.array(bought.nonzero(), dtype=np.int32)
    pairs = pairs[:, rng.permutation(pairs.shape[1])]
    cut = [int(share * pairs.shape[1]) for share in (0.7, 0.85)]
    content: dict[str, Floats] = {}
    for name, width in (("image", 8), ("text", 12))[:modalities]:
        look = rng.normal(size=(GROUPS, width))[item_group] + 0.3 * rng.normal(size=(items, width))
        content[name] = look.astype(np.float32)
    return Interactions(
        users,
        items,
        pairs[:, : cut[0]],
        pairs[:, cut[0] : cut[1]],
        pairs[:, cut[1] :],
        content,
        item_attributes={"group": tuple("abc"[group] for group in item_group)},
    )


@pytest.fixture(scope="session")
def small() -> Callable[..., Settings]:
    """small("causal", training={...}) -> settings that train in a moment."""
    return small_settings


def small_settings(
    name: str = "causal", model: dict[str, object] | None = None, training: dict[str, object] | None = None
) -> Settings:
    tree = {
        "model": {
            "name": name,
            "dim": 16,
            "confounder": {"method": "ridge", "width": 4},
            "codebook": {"epochs": 3},
            "topology": {"warmup": 2, "refresh_every": 3},
            "frontdoor": {"codes": 8},
            "response": {"sweeps": 60, "dim": 4},
            "multvae": {"hidden": 32, "batch": 16, "learning_rate": 0.01, "epochs": 45, "anneal_epochs": 5},
            "sasrec": {"batch": 16, "blocks": 1, "learning_rate": 0.01, "length": 12, "epochs": 15},
            "ials": {"sweeps": 4, "judge_every": 2, "unobserved": 0.3, "ridge": 0.1},
            "baselines": {"ease_ridges": [5.0, 50.0], "row_block": 7, "content_neighbours": [20]},
            **(model or {}),
        },
        "training": {
            "epochs": 18,
            "batch": 64,
            "negatives": 12,
            "learning_rate": 0.02,
            "device": "cpu",
            **(training or {}),
        },
    }
    return Settings.model_validate(tree)
