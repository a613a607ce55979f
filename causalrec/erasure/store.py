"""The protocol of a place that can hold an erased subject, and its entry in a receipt."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Protocol

from causalrec.lake.upkeep.subject import Subject

State = Literal["there", "erased", "not there", "still there", "not searched"]


@dataclass(frozen=True)
class Found:
    """What one store holds, or held, of a subject. It never shows an id.

    Attributes:
        state: ``there`` before an erasure; after it ``erased`` (searched again and not found),
            ``not there``, ``still there`` or ``not searched``.
        counts: what was found, by name: rows, files, keys ...
        names: names of what was found, such as model versions.
        until: if it is still there or was not searched: why, and what will change that.
    """

    state: State
    counts: Mapping[str, int] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    until: str = ""

    @staticmethod
    def of(**counts: int) -> "Found":
        """``there``, or ``not there`` where all counts are zero."""
        held = {name: count for name, count in counts.items() if count}
        return Found("there", held) if held else Found("not there")

    def as_json(self) -> dict[str, Any]:
        """As it is stored."""
        return {**asdict(self), "counts": dict(self.counts)}


class Store(Protocol):
    """A place that can hold a subject."""

    @property
    def name(self) -> str:
        """Its name in the receipt."""

    def find(self, subject: Subject) -> Found:
        """What is there; changes nothing. ``there`` is what :meth:`erase` removes."""

    def erase(self, subject: Subject) -> None:
        """Removes it. If killed at any point, the next call finishes the work."""
