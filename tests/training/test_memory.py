"""The memory estimate against what a process really needed."""

import subprocess
import sys

import pytest

SCRIPT = """
import sys
import numpy as np, torch
from causalrec.config import Settings
from causalrec.dataset.arrays import Interactions
from causalrec.training.device import estimate_bytes
from causalrec.training.factory import build_recommender
from causalrec.training.peak import peak_bytes

users, items = 40_000, 20_000
rng = np.random.default_rng(0)
keys = np.unique(rng.integers(0, users, 200_000) * items + rng.integers(0, items, 200_000))
pairs = np.stack([keys // items, keys % items]).astype(np.int32)
pairs = pairs[:, rng.permutation(pairs.shape[1])]
data = Interactions(users, items, pairs[:, 1000:], pairs[:, :1000], pairs[:, :0])
settings = Settings.model_validate({
    "model": {"name": sys.argv[1], "topology": {"warmup": 1, "refresh_every": 1}},
    "training": {"epochs": 2, "evaluate_every": 1, "batch": 32_768, "device": "cpu"},
})
before = peak_bytes()
build_recommender(settings).fit(data)
used = peak_bytes() - before
print(used / estimate_bytes(data, settings.model, settings.training))
"""


@pytest.mark.parametrize("name", ["lightgcn", "causal"])
def test_the_estimate_is_near_the_peak(name: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT, name], capture_output=True, text=True, timeout=300, check=True
    )
    assert 0.4 < float(ended.stdout.split()[-1]) < 1.15
