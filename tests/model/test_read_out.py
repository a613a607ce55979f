"""States of new users: by hand, and as the network reads its own users out."""

import numpy as np
import pytest
import torch

from causalrec.config.model import FrontdoorSettings
from causalrec.model.causal.frontdoor import FrontdoorAdjustment
from causalrec.model.read_out import Attention, ReadOut


def test_blocks_have_length_one_each_and_nothing_stays_nothing() -> None:
    sums = np.array([[3, 4, 0, 9], [0, 0, 0, 9]], dtype=np.float32)
    assert ReadOut((2, 2)).states(sums).tolist() == pytest.approx(np.array([[0.6, 0.8, 0, 1], [0, 0, 0, 1]]))


def test_the_front_door_by_hand() -> None:
    match = np.array([[np.log(3.0), 0.0], [0.0, 0.0]], dtype=np.float32)
    prior = np.log(np.array([0.5, 0.5], dtype=np.float32))
    value = np.array([[0.0, 4.0], [0.0, 0.0]], dtype=np.float32)
    attention = Attention(match, prior, value)
    mediator = np.array([[1.0, 0.0]], dtype=np.float32)  # weights 3/4 and 1/4
    assert attention(mediator) == pytest.approx(np.array([[1.0, 3.0]]), abs=1e-6)
    found = ReadOut((2,), attention=attention).states(7 * mediator)
    assert found == pytest.approx(np.array([[1.0, 3.0]]) / 10**0.5, abs=1e-6)


def test_folded_it_is_the_map_of_the_network() -> None:
    torch.manual_seed(7)
    states = torch.nn.functional.normalize(torch.randn(60, 8))
    part = FrontdoorAdjustment(8, 60, FrontdoorSettings(codes=5))
    assert part.folded() is None
    part.refresh(states.numpy(), seed=7)
    torch.nn.init.normal_(part.leave.weight)
    folded = part.folded()
    assert folded is not None
    with torch.no_grad():
        assert folded(states.numpy()) == pytest.approx(part(states).numpy(), abs=1e-5)


def test_packed_and_unpacked_it_is_the_same() -> None:
    rng = np.random.default_rng(7)
    draw = [rng.standard_normal(shape).astype(np.float32) for shape in ((3, 4), (4,), (4, 3))]
    full = ReadOut((3, 2), Attention(*draw))
    sums = rng.standard_normal((6, 5)).astype(np.float32)
    for one in (full, ReadOut((3, 2))):
        again = ReadOut.unpack(*one.pack())
        assert np.array_equal(again.states(sums), one.states(sums))
