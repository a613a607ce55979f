"""A probe reads what is there, and nothing where there is nothing."""

import numpy as np
import pytest

from causalrec.lab.studies.probe import indicators, readable_share

RNG = np.random.default_rng(0)
CAUSE = RNG.standard_normal((400, 3))


def test_a_linear_image_of_the_cause_is_read_in_full() -> None:
    states = (CAUSE @ RNG.standard_normal((3, 8))).astype(np.float32)
    assert readable_share(states, CAUSE) == pytest.approx(1.0, abs=0.01)


def test_half_noise_is_read_by_half() -> None:
    states = (CAUSE + RNG.standard_normal(CAUSE.shape)).astype(np.float32)
    assert readable_share(states, CAUSE) == pytest.approx(0.5, abs=0.06)


def test_independent_and_constant_states_say_nothing() -> None:
    noise = RNG.standard_normal((400, 8)).astype(np.float32)
    assert readable_share(noise, CAUSE) < 0.02
    assert readable_share(np.ones((400, 2), dtype=np.float32), CAUSE) == pytest.approx(0.0, abs=0.02)


def test_indicators() -> None:
    assert indicators(np.array([2, 0], dtype=np.int32)).tolist() == [[0, 0, 1], [1, 0, 0]]
