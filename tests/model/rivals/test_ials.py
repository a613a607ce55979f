"""The solves of iALS against a dense system and against another implementation."""

import numpy as np
import scipy.sparse as sp
import torch
from implicit.als import AlternatingLeastSquares

from causalrec.config.rivals import IalsSettings
from causalrec.model.rivals.ials import half_sweep


def test_every_row_solves_its_own_system() -> None:
    rng = np.random.default_rng(0)
    history = sp.csr_matrix((rng.random((9, 7)) < 0.4).astype(np.float32))
    items = rng.normal(size=(7, 3)).astype(np.float32)
    settings = IalsSettings(unobserved=0.2, ridge=0.05)
    found = half_sweep(history, torch.from_numpy(items), settings).numpy()
    for row in range(9):
        known = np.asarray(history[row].todense())[0]
        system = items.T @ np.diag(known + 0.2) @ items + 0.05 * (known.sum() + 0.2 * 7) * np.eye(3)
        expected = np.linalg.solve(system, items.T @ known) if known.any() else np.zeros(3)
        np.testing.assert_allclose(found[row], expected, atol=1e-4)


def test_without_ridge_one_half_sweep_is_that_of_the_implicit_library() -> None:
    rng = np.random.default_rng(1)
    history = sp.csr_matrix((rng.random((30, 20)) < 0.3).astype(np.float32))
    history = history[np.diff(history.indptr) > 0]
    items = rng.normal(size=(20, 4)).astype(np.float32)
    # theirs weighs unobserved cells by 1 and pairs by alpha; ours by a and 1 + a, so alpha = 1 / a + 1
    unobserved = 0.25
    other = AlternatingLeastSquares(
        factors=4, alpha=1.0, regularization=1e-6, iterations=1, use_gpu=False, num_threads=1
    )
    other.item_factors = items
    weighted = history * (1.0 + 1.0 / unobserved)
    theirs = np.stack([other.recalculate_user(row, weighted[row]) for row in range(history.shape[0])])
    settings = IalsSettings(unobserved=unobserved, ridge=1e-9)
    ours = half_sweep(history, torch.from_numpy(items), settings).numpy()
    # theirs aims at alpha / a weighted ones: the target differs by the factor 1 + a
    np.testing.assert_allclose(ours * (1 + unobserved), theirs, atol=1e-3)
