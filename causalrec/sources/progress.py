"""Progress reports of long adapters, independent of how they are shown."""

from collections.abc import Callable

Steps = Callable[[int, int], None]
"""(units done, units in all)."""
Progress = Steps
"""The name that plug-ins written for 0.3 import."""


def silent(done: int, total: int) -> None:
    """Shows nothing."""
