"""Places that an erasure names but never touches."""

from dataclasses import dataclass

from causalrec.erasure.store import Found
from causalrec.lake.upkeep.subject import Subject


@dataclass(frozen=True)
class OutsideStore:
    """A place that belongs to somebody else.

    Attributes:
        until: whose it is, and what that means.
    """

    name: str
    until: str

    def find(self, subject: Subject) -> Found:
        """It is not searched."""
        return Found("not searched", until=self.until)

    def erase(self, subject: Subject) -> None:
        """Nothing: see ``until``."""
