"""The loop for networks with a loss of their own: exact resume, one negative per pair, refusals."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from causalrec.config import Settings
from causalrec.dataset.arrays import Interactions, Ints
from causalrec.errors import TrainingError
from causalrec.model.rivals.lightgcn import LightGcnNetwork
from causalrec.training.factory import build_recommender
from causalrec.training.pairwise import PairwiseTrainer, pair_batch
from causalrec.training.sampling import PairSampler

Quick = Callable[..., Settings]
EVERYONE = np.arange(50, dtype=np.int32)


class Killed(Exception):
    """Stands for the process that dies."""


@pytest.mark.parametrize("name", ["ips_mf", "freedom"])
def test_a_killed_run_continues_to_the_same_state(
    name: str, shop: Interactions, quick: Quick, tmp_path: Path
) -> None:
    settings = quick(name, loss="bpr")
    whole = build_recommender(settings)
    whole.fit(shop)

    def dies(epoch: int, metrics: dict[str, float]) -> None:
        if epoch == 4:
            raise Killed

    with pytest.raises(Killed):
        build_recommender(settings, tmp_path).fit(shop, progress=dies)
    resumed = build_recommender(settings, tmp_path)
    resumed.fit(shop)
    assert np.array_equal(resumed.score(EVERYONE), whole.score(EVERYONE))


def test_a_pair_takes_its_own_negative_and_ignores_one_that_was_bought(shop: Interactions) -> None:
    bought = np.asarray(shop.train_matrix().todense()) > 0
    sampled = next(PairSampler(shop, 64, 64, seed=3).epoch(0))
    batch = pair_batch(sampled, torch.device("cpu"))
    assert sampled.negatives.size == shop.n_items < 64  # so that negatives come round again
    wanted: Ints = sampled.negatives[sampled.turn % sampled.negatives.size]
    assert np.array_equal(batch.negatives.numpy(), wanted)
    assert np.array_equal(batch.kept.numpy() == 0, bought[sampled.users[sampled.owners], wanted])
    assert 0 < batch.kept.sum() < 64


def test_a_loss_that_is_not_finite_stops_and_keeps_the_batch(
    shop: Interactions, quick: Quick, tmp_path: Path
) -> None:
    with pytest.raises(TrainingError, match="the loss is not finite"):
        build_recommender(quick("bpr_mf", loss="bpr", learning_rate=1e30), tmp_path).fit(shop)
    assert (tmp_path / "diverged" / "checkpoint.safetensors").exists()


def test_a_network_without_an_own_loss_is_refused(shop: Interactions, quick: Quick) -> None:
    settings = quick("lightgcn")
    trainer = PairwiseTrainer(settings.training, settings.model)
    network = LightGcnNetwork(shop, settings.model, torch.device("cpu"))
    with pytest.raises(TrainingError, match="no pairwise loss"):
        trainer(network, shop)
