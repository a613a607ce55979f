"""What the interval of a module's gain says in one word."""

import pytest

from causalrec.model.worth import ModuleWorth


@pytest.mark.parametrize(
    ("low", "high", "effect"),
    [
        (0.001, 0.02, "helps"),
        (-0.02, -0.001, "harms"),
        (-0.02, 0.0, "no clear effect"),
        (0.0, 0.02, "no clear effect"),
    ],
)
def test_an_interval_that_contains_zero_says_nothing(low: float, high: float, effect: str) -> None:
    assert ModuleWorth("codes", True, (low + high) / 2, low, high, "auc", "validation").effect == effect
