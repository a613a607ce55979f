"""Caps and diversity on pools whose answer is known."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from causalrec.ranking.rerank import Cap, as_matrix, choose
from causalrec.ranking.ties import Ties
from causalrec.ranking.topk import top_k


def chosen(
    scores: list[float], k: int, caps: list[Cap], units: list[list[float]] | None = None, diversity: float = 0
) -> list[int]:
    """Items of a single user, in the order chosen."""
    row = np.array([scores], dtype=np.float32)
    items, values = as_matrix(top_k(row, len(scores), Ties.numbered(1, len(scores))), 1)
    states = None if units is None else np.array(units, dtype=np.float32)
    picks = choose(items, values, k, caps, states, diversity)[0]
    found: list[int] = items[0, picks[picks >= 0]].tolist()
    return found


BRANDS = np.array([0, 0, 0, 1, -1, -1], dtype=np.int32)


def test_a_cap_lets_the_next_brand_in_and_ignores_items_without_one() -> None:
    scores = [6.0, 5, 4, 3, 2, 1]
    assert chosen(scores, 4, []) == [0, 1, 2, 3]
    assert chosen(scores, 4, [Cap(BRANDS, 1)]) == [0, 3, 4, 5]
    assert chosen(scores, 4, [Cap(BRANDS, 2)]) == [0, 1, 3, 4]


def test_two_caps_hold_together() -> None:
    colours = np.array([0, 1, 1, 1, 0, 2], dtype=np.int32)
    assert chosen([6.0, 5, 4, 3, 2, 1], 6, [Cap(BRANDS, 2), Cap(colours, 1)]) == [0, 1, 5]


def test_diversity_prefers_the_item_that_is_unlike_the_first() -> None:
    units = [[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]
    scores = [1.0, 0.9, 0.0]
    assert chosen(scores, 3, [], units, 0.0) == [0, 1, 2]
    # relevance 1, .9, 0; second place: .4*.9 - .6*1 < .4*0 - .6*0
    assert chosen(scores, 3, [], units, 0.6) == [0, 2, 1]
    assert chosen(scores, 3, [], units, 0.4) == [0, 1, 2]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 8), st.integers(1, 3), st.sampled_from([0.0, 0.3, 1.0]))
def test_equals_the_definition(seed: int, k: int, most: int, diversity: float) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=9).astype(np.float32)
    codes = rng.integers(-1, 3, 9).astype(np.int32)
    units = rng.normal(size=(9, 3))
    units = (units / np.linalg.norm(units, axis=1, keepdims=True)).astype(np.float32)
    found = chosen(scores.tolist(), k, [Cap(codes, most)], units.tolist(), diversity)
    relevance = (scores - scores.min()) / np.float32(scores.max() - scores.min())
    order = np.argsort(-scores, kind="stable").tolist()
    expected: list[int] = []
    while len(expected) < k:
        open_ = [i for i in order if i not in expected]
        open_ = [i for i in open_ if codes[i] < 0 or sum(codes[j] == codes[i] for j in expected) < most]
        if not open_:
            break
        near = {i: max((float((units[i] @ units[j]).round(5)) for j in expected), default=0.0) for i in open_}
        value = {i: (1 - diversity) * float(relevance[i]) - diversity * near[i] for i in open_}
        expected.append(max(open_, key=lambda i: value[i]))
    assert found == expected
