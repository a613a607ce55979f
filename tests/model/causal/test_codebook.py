"""Codes find the clusters, stay in use and never cross a coarse cell."""

import numpy as np

from causalrec.config.model import CodebookSettings
from causalrec.dataset.arrays import Floats
from causalrec.model.causal.codebook import Codebook, fit_codebook
from causalrec.model.causal.prepare import deal_out


def clusters(seed: int = 0) -> tuple[Floats, "np.ndarray", "np.ndarray"]:
    """Four far clusters of 64 items, each with two near halves."""
    rng = np.random.default_rng(seed)
    coarse, fine = np.repeat(np.arange(4), 64), np.tile(np.repeat([0, 1], 32), 4)
    corner = np.array([[0, 0], [20, 0], [0, 20], [20, 20]])[coarse]
    states = corner + np.stack([2.0 * fine, np.zeros(256)], axis=1) + 0.05 * rng.normal(size=(256, 2))
    return states.astype(np.float32), coarse, fine


def same_partition(left: "np.ndarray", right: "np.ndarray") -> bool:
    pairs = set(zip(left.tolist(), right.tolist(), strict=True))
    return len(pairs) == len(set(left.tolist())) == len(set(right.tolist()))


EVERYTHING = np.ones(256, dtype=np.bool_)


def test_both_levels_are_found_exactly() -> None:
    states, coarse, fine = clusters()
    book = fit_codebook(states, EVERYTHING, CodebookSettings(coarse=4, fine=2), seed=1)
    first, second = book.assign(states, EVERYTHING)
    assert same_partition(first, coarse)
    assert same_partition(first * 2 + second, coarse * 2 + fine)
    assert book.counts.tolist() == [[32, 32]] * 4
    assert abs(book.facts()["perplexity"] - 4.0) < 1e-6


def test_the_codebook_does_not_collapse() -> None:
    rng = np.random.default_rng(0)
    dense = 0.01 * rng.normal(size=(900, 8))
    spread = rng.normal(size=(100, 8))
    states = np.concatenate([dense, spread]).astype(np.float32)
    known = np.ones(1_000, dtype=np.bool_)
    book = fit_codebook(states, known, CodebookSettings(coarse=16, decay=0.9), seed=0)
    facts = book.facts()
    assert facts["dead_share"] == 0.0
    first, _ = book.assign(states, known)
    assert np.unique(first).size == 16
    error = np.square(states - book.coarse[first]).sum()
    assert error < 0.7 * np.square(states - states.mean(axis=0)).sum()


def test_flat_codebook_has_one_fine_code() -> None:
    states, _, _ = clusters()
    book = fit_codebook(states, EVERYTHING, CodebookSettings(coarse=4, hierarchical=False), seed=1)
    assert book.fine.shape == (4, 1, 2)
    assert not book.fine.any()


def test_unknown_items_have_no_code_and_few_items_have_few_codes() -> None:
    states, _, _ = clusters()
    known = EVERYTHING.copy()
    known[20:] = False
    book = fit_codebook(states, known, CodebookSettings(coarse=32, fine=8, items_per_code=4), seed=1)
    assert book.coarse.shape[0] == 1
    first, second = book.assign(states, known)
    assert (first[20:] == -1).all()
    assert (second[20:] == -1).all()
    assert (first[:20] == 0).all()
    assert book.counts.sum() == 20


def test_identical_items_are_no_problem() -> None:
    states = np.ones((256, 2), dtype=np.float32)
    book = fit_codebook(states, EVERYTHING, CodebookSettings(coarse=4, fine=2), seed=1)
    assert np.isfinite(book.vectors()).all()
    assert book.counts.sum() == 256


def test_without_moving_averages_codes_are_k_means_alone() -> None:
    states = np.repeat(np.array([[0.0, 0.0], [4.0, 0.0]], dtype=np.float32), 20, axis=0)
    settings = CodebookSettings(epochs=0, coarse=2, fine=1)
    codebook = fit_codebook(states, np.ones(40, dtype=np.bool_), settings, seed=0)
    assert sorted(codebook.coarse.tolist()) == [[0, 0], [4, 0]]


def test_a_prior_by_interactions_counts_them_and_keeps_codes_alive() -> None:
    codebook = Codebook(
        np.zeros((2, 1), np.float32), np.zeros((2, 2, 1), np.float32), np.array([[2, 1], [1, 0]], np.int32)
    )
    codes = (np.array([0, 0, 0, 1, -1], np.int32), np.array([0, 0, 1, 0, -1], np.int32))
    weighted = codebook.weighted(codes, np.array([5, 2, 3, 0, 9], np.float32))
    assert weighted.counts.tolist() == [[7, 3], [1, 0]]


def test_codes_dealt_out_are_the_same_codes_for_other_items() -> None:
    coarse = np.concatenate([np.arange(50), [-1]]).astype(np.int32)
    fine = np.concatenate([np.arange(50) + 100, [-1]]).astype(np.int32)
    dealt = deal_out((coarse, fine), seed=3)
    assert dealt[0][-1] == dealt[1][-1] == -1
    assert sorted(dealt[0]) == sorted(coarse)
    assert np.array_equal(dealt[1][:50], dealt[0][:50] + 100)  # pairs stay together
    assert (dealt[0][:50] == coarse[:50]).mean() < 0.2
