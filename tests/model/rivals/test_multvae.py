"""Mult-VAE's likelihood by hand."""

import numpy as np
import scipy.sparse as sp
import torch

from causalrec.model.rivals.multvae import MultVaeNetwork, normalize_rows


def test_rows_have_length_one_and_an_empty_one_stays_empty() -> None:
    rows = normalize_rows(sp.csr_matrix(np.array([[1, 1, 0, 1], [0, 0, 0, 0]], np.float32)))
    np.testing.assert_allclose(rows.toarray()[0], np.array([1, 1, 0, 1]) / 3**0.5, rtol=1e-6)
    assert not rows.toarray()[1].any()


def test_with_even_logits_the_loss_is_the_log_of_the_catalogue() -> None:
    network = MultVaeNetwork(n_items=5, hidden=3, dim=2)
    with torch.no_grad():
        for weights in network.parameters():
            weights.zero_()
    network.eval()
    histories = sp.csr_matrix(np.array([[1, 1, 0, 0, 0], [0, 0, 1, 0, 0]], np.float32))
    loss = network.loss(histories, drop=0.0, beta=1.0)  # the code is standard normal: no divergence
    assert abs(loss.item() - 1.5 * np.log(5)) < 1e-5
