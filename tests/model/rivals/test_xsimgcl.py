"""Where XSimGCL's noise and contrast act."""

import numpy as np
import torch

from causalrec.config.model import ModelSettings
from causalrec.dataset.arrays import Interactions
from causalrec.model.rivals.xsimgcl import XSimGclNetwork, info_nce

CPU = torch.device("cpu")


def network(**rivals: float) -> XSimGclNetwork:
    torch.manual_seed(0)
    train = np.array([[0, 0, 1, 1, 2], [0, 1, 1, 2, 0]], np.int32)
    data = Interactions(3, 3, train, np.empty((2, 0), np.int32), np.empty((2, 0), np.int32))
    settings = ModelSettings.model_validate({"dim": 4, "layers": 2, "rivals": rivals})
    return XSimGclNetwork(data, settings, CPU, 7)


def test_noise_is_there_in_training_only() -> None:
    model = network(noise=0.5)
    model.train()
    assert not torch.equal(model.tables()[0], model.tables()[0])
    model.eval()
    assert torch.equal(model.tables()[0], model.tables()[0])


def test_without_noise_the_mean_leaves_out_the_embeddings() -> None:
    model = network(noise=0.0)
    model.eval()
    users, items = model.encoder.base()
    graph = model.encoder.whole.matrix.to_dense()
    first = graph @ items, graph.T @ users
    second = graph @ first[1], graph.T @ first[0]
    expected = torch.nn.functional.normalize(first[0] + second[0], dim=1)
    torch.testing.assert_close(model.tables()[0], expected)


def test_the_contrast_falls_when_rows_find_themselves() -> None:
    rows = torch.eye(4)
    same = info_nce(rows, rows, 0.2)
    torch.testing.assert_close(same, torch.log(1 + 3 * torch.exp(torch.tensor(-5.0))))
    assert info_nce(rows, rows.roll(1, 0), 0.2) > same


def test_the_penalty_is_of_the_batch_and_used_once() -> None:
    model = network(noise=0.1, contrast=1.0)
    model.train()
    model.tables()
    ids = torch.tensor([0, 0, 1])
    assert model.penalty(ids, ids) > 0
    assert model.penalty(ids, ids) == 0  # the layers of that batch are gone


def test_edges_left_out_and_affinity_change_the_states() -> None:
    plain, fewer, alike = (
        network(noise=0.0),
        network(noise=0.0, left_out=0.5),
        network(noise=0.0, user_affinity=2.0),
    )
    fewer.train()
    fewer.begin_epoch(1)
    assert not torch.equal(fewer.tables()[0], plain.tables()[0])
    assert not torch.equal(alike.tables()[0], plain.tables()[0])
