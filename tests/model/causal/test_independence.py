"""L_ind: exact small cases, and what it must not depend on."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from causalrec.model.causal.independence import explained_share


def test_a_share_by_hand() -> None:
    states = torch.tensor([[0.0], [2.0], [4.0], [6.0], [99.0]])  # means 1 and 5 about 3; the last has no code
    codes = torch.tensor([0, 0, 7, 7, -1])
    assert explained_share(states, codes).item() == pytest.approx((2 * 4 + 2 * 4) / (9 + 1 + 1 + 9))


@pytest.mark.parametrize(("states", "share"), [([[1.0], [-1.0], [1.0], [-1.0]], 0.0), ([[3.0]] * 4, 0.0)])
def test_states_that_do_not_say_the_code(states: list[list[float]], share: float) -> None:
    assert explained_share(torch.tensor(states), torch.tensor([0, 0, 1, 1])).item() == share


def test_without_codes_it_is_zero_and_has_a_gradient() -> None:
    states = torch.ones(2, 3, requires_grad=True)
    share = explained_share(states, torch.tensor([-1, -1]))
    share.backward()  # type: ignore[no-untyped-call]
    assert share.item() == 0


@given(st.integers(0, 2**32 - 1))
def test_it_lies_between_zero_and_one_whatever_the_scale_and_the_names(seed: int) -> None:
    draw = torch.Generator().manual_seed(seed)
    states = torch.randn(40, 3, generator=draw)
    codes = torch.randint(0, 5, (40,), generator=draw)
    share = explained_share(states, codes)
    assert 0 <= share <= 1
    assert explained_share(7 * states + 1, 9 - codes).item() == pytest.approx(share.item(), abs=1e-4)


def test_a_step_against_it_lowers_it() -> None:
    states = torch.randn(40, 3, generator=torch.Generator().manual_seed(7), requires_grad=True)
    codes = torch.arange(40) % 5
    share = explained_share(states, codes)
    share.backward()  # type: ignore[no-untyped-call]
    assert states.grad is not None
    assert explained_share(states - 0.1 * states.grad, codes) < share
