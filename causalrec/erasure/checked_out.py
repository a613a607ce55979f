"""A folder of an object store, searched and erased as a copy on this machine."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from causalrec.erasure.store import Found, Store
from causalrec.lake.upkeep.subject import Subject
from causalrec.store import Location, checked_out


@dataclass(frozen=True)
class CheckedOut:
    """What ``inner`` finds and erases in a folder, wherever the folder lies."""

    name: str
    place: Location
    inner: Callable[[Path], Store]

    def find(self, subject: Subject) -> Found:
        """What the folder holds."""
        with checked_out(self.place) as folder:
            return self.inner(folder).find(subject)

    def erase(self, subject: Subject) -> None:
        """Removes it there."""
        with checked_out(self.place) as folder:
            self.inner(folder).erase(subject)
