"""What a cluster consists of, as data: services that stay, and steps that run to their end."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Service:
    """A server. Its output goes to ``NAME.log``.

    Attributes:
        ready: its health check.
        address: what people type; empty: nothing to look at.
    """

    name: str
    command: tuple[str, ...]
    ready: Callable[[], bool] = field(repr=False)
    address: str = ""


@dataclass(frozen=True)
class Step:
    """A command that prepares something, and ends."""

    name: str
    command: tuple[str, ...]


Wave = tuple[Service | Step, ...]
"""Members start together; the next wave starts when all of them are ready, or have ended well."""
