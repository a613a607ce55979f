"""Progress reports of long adapters, independent of how they are shown."""

from collections.abc import Callable

Progress = Callable[[int, int], None]
"""(units done, units in all)."""


def silent(done: int, total: int) -> None:
    """Shows nothing."""
