"""The memory estimate against what a process really needed."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.memory import shop
from causalrec.config import Settings
from causalrec.errors import TrainingError
from causalrec.training.factory import build_recommender

RESPONSE = """
from causalrec.training.factory import build_recommender
from causalrec.training.peak import peak_bytes
from causalrec.training.response_memory import response_bytes
from benchmarks.memory import shop
from tests.training.test_memory import small_response

data, settings = shop(10_000, 2_000, 150_000, 200), small_response()
before = peak_bytes()
build_recommender(settings).fit(data)
print((peak_bytes() - before) / response_bytes(data, data.looks, settings.model.response))
"""

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
    assert 0.7 < float(ended.stdout.split()[-1]) < 1.15


def small_response() -> Settings:
    """So many sweeps that the averaged tables are compressed."""
    return Settings.model_validate(
        {"model": {"name": "causal", "response": {"sweeps": 24}}, "training": {"device": "cpu"}}
    )


def test_the_estimate_of_the_response_model_is_near_the_peak(root: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", RESPONSE], capture_output=True, text=True, timeout=300, check=True, cwd=root
    )
    assert 0.7 < float(ended.stdout.split()[-1]) < 1.3


def test_a_response_model_that_does_not_fit_is_refused_before_it_is_fitted() -> None:
    data, settings = shop(400, 200, 4_000, 200), small_response()
    tight = settings.training.model_copy(update={"max_memory_gib": 0.01})
    with pytest.raises(TrainingError, match=r"training needs about 0\.1 GiB on cpu, 0\.0 GiB are free"):
        build_recommender(settings.model_copy(update={"training": tight})).fit(data)
