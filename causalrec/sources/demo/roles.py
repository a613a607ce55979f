"""Items that test the pipeline: broken pictures, no picture, no text, awkward text."""

from dataclasses import dataclass

import numpy as np

from causalrec.errors import ReasonCode
from causalrec.sources.demo.world import CATALOGUE, World, stream

BROKEN_PICTURES = 1  # broken pictures per kind of fault

BROKEN_KINDS = (
    ReasonCode.IMAGE_EMPTY,
    ReasonCode.IMAGE_NOT_AN_IMAGE,
    ReasonCode.IMAGE_CORRUPT,
    ReasonCode.IMAGE_MISSING,
    ReasonCode.IMAGE_FORBIDDEN,
    ReasonCode.IMAGE_BAD_SIZE,
)
SPECIAL_SHARE = 0.6


@dataclass(frozen=True)
class Roles:
    """Item numbers by role; all are on sale from the first day and are never repriced.

    Attributes:
        broken: reason with which the picture must be rejected, by item.
        without_image: no image reference at all.
        without_text: neither title nor description.
        awkward: valid text that must be escaped (markup, formula, emoji, right-to-left).
    """

    broken: dict[int, ReasonCode]
    without_image: int
    without_text: int
    awkward: int

    @property
    def all(self) -> list[int]:
        """Every special item."""
        return [*self.broken, self.without_image, self.without_text, self.awkward]


def choose_roles(world: World) -> Roles:
    """Pick the special items among those on sale from the first day."""
    rng = stream(world.source.seed, CATALOGUE)
    first = rng.permutation(np.flatnonzero(world.items.launch_day == 0)).tolist()
    kinds = list(BROKEN_KINDS) * BROKEN_PICTURES
    room = max(0, int(SPECIAL_SHARE * len(first)) - 3)
    without_image, without_text, awkward, *rest = first
    return Roles(dict(zip(rest[:room], kinds, strict=False)), without_image, without_text, awkward)
