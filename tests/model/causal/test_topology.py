"""A graph whose right reconstruction is known."""

import numpy as np
import pytest
import scipy.sparse as sp

from causalrec.config.model import TopologySettings
from causalrec.model.causal.topology import (
    EdgeChoices,
    edge_evidence,
    judge_edges,
    propose_edges,
    weighted_graph,
)

# user 0 has five edges, user 1 two
PAIRS = np.array([[0, 1, 0, 0, 0, 1, 0], [0, 0, 1, 2, 3, 1, 4]], dtype=np.int32)
EVIDENCE = np.array([0.9, 0.2, 0.8, 0.7, 0.1, 0.1, 0.3], dtype=np.float32)


def test_the_strongest_edges_are_kept_and_never_fewer_than_the_floor() -> None:
    verdict = judge_edges(PAIRS, EVIDENCE, TopologySettings(keep=0.4, floor=2))
    assert verdict.kept.tolist() == [True, True, True, False, False, True, False]
    assert np.allclose(verdict.weight, [1, 1, 1, 0.7, 0.1, 1, 0.3])


def test_hard_removal() -> None:
    verdict = judge_edges(PAIRS, EVIDENCE, TopologySettings(keep=0.4, floor=2, hard=True))
    assert verdict.weight.tolist() == [1, 1, 1, 0, 0, 1, 0]


def test_keep_is_rounded_up() -> None:
    verdict = judge_edges(PAIRS, EVIDENCE, TopologySettings(keep=0.7, floor=1))
    assert verdict.kept[PAIRS[0] == 0].sum() == 4
    assert verdict.kept[PAIRS[0] == 1].sum() == 2


def test_evidence_is_the_stated_formula() -> None:
    settings = TopologySettings(temperature=0.5, bias=1.0, popularity=0.2)
    pairs = np.array([[0, 0], [0, 1]], dtype=np.int32)
    cosines, popularity = np.array([0.6, 0.2], np.float32), np.array([0.0, np.e - 1], np.float32)
    found = edge_evidence(pairs, cosines, popularity, 1, settings)
    logits = np.array([0.2 / 0.5 + 1.0, -0.2 / 0.5 + 1.0 - 0.2])
    assert np.allclose(found, 1 / (1 + np.exp(-logits)), atol=1e-6)


def test_evidence_of_free_lengths_is_not_measured_against_the_user() -> None:
    settings = TopologySettings(temperature=0.5, bias=1.0, popularity=0.0, centred=False)
    pairs = np.array([[0, 0, 1], [0, 1, 1]], dtype=np.int32)
    found = edge_evidence(pairs, np.array([0.6, 0.2, 0.2], np.float32), np.zeros(2, np.float32), 2, settings)
    assert np.allclose(found, 1 / (1 + np.exp(-np.array([2.2, 1.4, 1.4]))), atol=1e-6)


def test_a_click_out_of_character_has_the_least_evidence() -> None:
    pairs = np.stack([np.zeros(5, np.int32), np.arange(5, dtype=np.int32)])
    cosines = np.array([0.8, 0.7, -0.3, 0.9, 0.8], dtype=np.float32)
    found = edge_evidence(pairs, cosines, np.ones(5, np.float32), 1, TopologySettings())
    assert found.argmin() == 2


@pytest.fixture
def line() -> sp.csr_matrix:
    """Items 0-1-2-3-4 in a line, each the neighbour of the next."""
    return sp.csr_matrix(np.eye(5, k=1, dtype=np.float32))


def test_an_edge_is_added_only_to_a_near_item_that_scores_above_the_kept_ones(line: sp.csr_matrix) -> None:
    pairs = np.array([[0, 1], [0, 2]], dtype=np.int32)
    verdict = EdgeChoices(np.ones(2, np.float32), np.ones(2, np.bool_), np.ones(2, np.float32))
    users = np.eye(2, dtype=np.float32)
    items = np.array([[0.5, 0], [0.9, 0], [0, 0.5], [0, 0.4], [1, 1]], dtype=np.float32)
    added = propose_edges(pairs, verdict, line, users, items, TopologySettings(add_per_user=2))
    # user 0: item 1 is next to item 0 and scores higher; item 4 scores highest but is not near.
    # user 1: item 3 is next to item 2 but scores lower.
    assert added.tolist() == [[1, -1], [-1, -1]]


def test_known_items_and_neighbours_of_dropped_edges_are_not_added(line: sp.csr_matrix) -> None:
    pairs = np.array([[0, 0, 0], [0, 1, 3]], dtype=np.int32)
    kept = np.array([True, False, False])
    verdict = EdgeChoices(np.ones(3, np.float32), kept, kept.astype(np.float32))
    users, items = np.ones((1, 1), np.float32), np.array([[0.1], [1], [1], [1], [1]], np.float32)
    added = propose_edges(pairs, verdict, line, users, items, TopologySettings(add_per_user=1))
    assert added.tolist() == [[-1]]


def test_the_matrix_holds_kept_weak_and_added_edges() -> None:
    weight = np.array([1.0, 0.5, 0.0], dtype=np.float32)
    pairs = np.array([[0, 0, 1], [0, 1, 2]], dtype=np.int32)
    added = np.array([[2], [-1]], dtype=np.int32)
    graph = weighted_graph(pairs, weight, added, 0.3, (2, 3))
    assert np.allclose(graph.toarray(), np.array([[1, 0.5, 0.3], [0, 0, 0]]))
    assert graph.nnz == 3
