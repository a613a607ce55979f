"""What a verdict rests on, and the lines in which it is told."""

from collections.abc import Mapping
from dataclasses import dataclass

from causalrec.experiment.moments import Moments
from causalrec.experiment.words import ArmVerdict


@dataclass(frozen=True)
class Arm:
    """An arm up to tonight.

    Attributes:
        share: of the users that it should hold; of an interleaved list, of the first choices.
        versions: of the model that wrote its lists; more than one compare nothing.
        moments: of its users who never were in another arm.
        drawn: how many users chance gave it, or of interleaved lists how many first choices; None: as many
            as there are users in ``moments``.
    """

    share: float
    versions: tuple[str, ...]
    moments: Moments
    drawn: int | None = None

    @property
    def size(self) -> int:
        """What should be in proportion to the share."""
        return self.moments.users if self.drawn is None else self.drawn


@dataclass(frozen=True)
class ArmLine:
    """A measure of an arm; names are those of the table's columns. The control has no difference."""

    arm: str
    metric: str
    decides: bool
    users: int
    looks: int
    value: float
    low: float | None
    high: float | None
    difference: float | None
    difference_low: float | None
    difference_high: float | None
    variance_kept: float | None
    sample_ratio_p: float
    verdict: ArmVerdict | None
    detail: str


@dataclass(frozen=True)
class Now:
    """What else a verdict depends on: whether the experiment is over, and what earlier nights decided
    (arm -> date and verdict; of a sequential one that stands)."""

    over: bool
    decided: Mapping[str, tuple[str, ArmVerdict]]
