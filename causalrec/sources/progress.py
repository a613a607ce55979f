"""How a long adapter reports its progress without knowing who shows it."""

from collections.abc import Callable

Progress = Callable[[int, int], None]
"""(units done, units in all)."""


def silent(done: int, total: int) -> None:
    """Shows nothing."""
