"""A random shop for the loop: its answer does not matter, only that training it is reproducible."""

from collections.abc import Callable

import numpy as np
import pytest

from causalrec.config import Settings
from causalrec.dataset.arrays import Interactions


@pytest.fixture(scope="session")
def shop() -> Interactions:
    """50 users, 30 items, two modalities."""
    rng = np.random.default_rng(0)
    pairs = np.array((rng.random((50, 30)) < 0.25).nonzero(), dtype=np.int32)
    pairs = pairs[:, rng.permutation(pairs.shape[1])]
    content = {name: rng.normal(size=(30, 6)).astype(np.float32) for name in ("image", "text")}
    return Interactions(50, 30, pairs[:, :260], pairs[:, 260:310], pairs[:, 310:], content)


@pytest.fixture(scope="session")
def quick() -> Callable[..., Settings]:
    """quick("causal", epochs=9) -> settings of a small run; keywords belong to the training section."""

    def settings(name: str, **training: object) -> Settings:
        model = {
            "name": name,
            "dim": 8,
            "confounder": {"method": "ridge", "width": 4},
            "topology": {"warmup": 2, "refresh_every": 2},
            "frontdoor": {"codes": 4},
        }
        base = {
            "epochs": 9,
            "batch": 64,
            "negatives": 10,
            "learning_rate": 0.02,
            "patience": 50,
            "device": "cpu",
        }
        return Settings.model_validate({"model": model, "training": {**base, **training}})

    return settings
