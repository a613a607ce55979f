"""What validation chose for a blend; a refit, which has no validation, reuses it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

ENCODER, CONTENT_EASE, SOLVES = "graph encoder", "content-EASE", "implicit solves"
PARTS = (ENCODER, CONTENT_EASE, SOLVES)


@dataclass(frozen=True)
class BlendChoice:
    """Attributes:
    weights: of the parts, by name, on scores with a standard deviation of one.
    ridge, strengths: of content-EASE, the strengths by modality.
    """

    weights: Mapping[str, float]
    ridge: float
    strengths: Mapping[str, float]

    def as_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return asdict(self)
