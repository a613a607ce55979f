"""Draws of edges: how many, which, and always the same ones."""

import numpy as np

from causalrec.model.causal.edge_sampling import sample_edges


def test_as_many_as_asked_and_never_one_without_evidence() -> None:
    evidence = np.array([1.0, 0.0, 0.5, 0.9, 0.0, 0.7], dtype=np.float32)
    stays = sample_edges(evidence, 0.5, 7, 0)
    assert stays.sum() == 3
    assert not stays[[1, 4]].any()
    assert sample_edges(evidence, 0.0, 7, 0).tolist() == (evidence > 0).tolist()


def test_the_same_epoch_gives_the_same_draw_another_epoch_another() -> None:
    evidence = np.ones(200, dtype=np.float32)
    assert (sample_edges(evidence, 0.4, 7, 3) == sample_edges(evidence, 0.4, 7, 3)).all()
    assert (sample_edges(evidence, 0.4, 7, 3) != sample_edges(evidence, 0.4, 7, 4)).any()


def test_strong_evidence_stays_more_often() -> None:
    evidence = np.repeat(np.array([0.2, 0.8], dtype=np.float32), 500)
    stays = np.mean([sample_edges(evidence, 0.5, 7, epoch) for epoch in range(20)], axis=0)
    assert stays[500:].mean() > stays[:500].mean() + 0.2
