"""Weights of a blend: exact answers where what validation says is a formula."""

from causalrec.model.causal.blend.search import Weights, search_weights

GRID = (0.1, 0.2, 0.4, 1.0)


def peaked(weights: Weights) -> float:
    """Best at (0.2, 1, 0.4) among blends that the second part leads."""
    first, second, third = weights
    return 100 + 50 * second - 200 * (first - 0.2) ** 2 - 100 * (third - 0.4) ** 2


def test_the_best_single_part_leads_and_each_other_gets_its_best_weight() -> None:
    found = search_weights(3, peaked, GRID, gain=0.01)
    assert found.weights == (0.2, 1.0, 0.4)


def test_a_part_is_measured_against_the_best_blend_without_it() -> None:
    found = search_weights(3, peaked, GRID, gain=0.01)
    assert found.others == ((0.0, 1.0, 0.4), (0.2, 0.0, 1.0), (0.2, 1.0, 0.0))


def test_a_part_that_gains_too_little_is_left_out_and_measured_with_its_best_weight() -> None:
    found = search_weights(3, peaked, GRID, gain=0.1)
    # without the first part 8 of 150 are lost, without the third 16, and without both 24
    assert found.weights == (0.0, 1.0, 0.4)
    assert found.others[0] == (0.2, 1.0, 0.4)


def test_the_first_part_stays_alone_unless_another_is_better_by_the_gain() -> None:
    def nearly(weights: Weights) -> float:
        return max(weights[0], 1.005 * weights[1])

    assert search_weights(2, nearly, (1.0,), gain=0.01).weights == (1.0, 0.0)
    assert search_weights(2, nearly, (1.0,), gain=0.001).weights == (0.0, 1.0)


def test_one_part_has_nothing_to_be_measured_against() -> None:
    found = search_weights(1, lambda weights: weights[0], GRID, gain=0.01)
    assert found.weights == (1.0,)
    assert found.others == ((0.0,),)
