"""Places that an erasure lists but never touches."""

from dataclasses import dataclass

from causalrec.erasure.store import Found
from causalrec.lake.upkeep.subject import Subject


@dataclass(frozen=True)
class OutsideStore:
    """A place outside the project's control.

    Attributes:
        until: who owns it, and what that means.
    """

    name: str
    until: str

    def find(self, subject: Subject) -> Found:
        """It is not searched."""
        return Found("not searched", until=self.until)

    def erase(self, subject: Subject) -> None:
        """Nothing: see ``until``."""
