"""What one causal module adds to its model, as measured during training."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

WHOLE = "ours"
"""Label prefix of the fit that fits without a module are compared with."""


@dataclass(frozen=True)
class ModuleWorth:
    """One module: the whole model compared with the same model without it.

    Attributes:
        module: name of the module.
        kept: whether the registered model contains it.
        gain: difference in ``metric``, with the module minus without; positive means that it helps.
        low, high: bounds of the interval of ``gain``, paired over users.
        metric: what was compared, e.g. "ndcg@20".
        measured_on: the pairs it was measured on, e.g. "uniform exposure" or "validation".
    """

    module: str
    kept: bool
    gain: float
    low: float
    high: float
    metric: str
    measured_on: str

    @property
    def effect(self) -> str:
        """What the interval says: "helps", "harms", or "no clear effect" if it contains zero."""
        if self.low > 0:
            return "helps"
        return "harms" if self.high < 0 else "no clear effect"


def as_json(worth: Iterable[ModuleWorth]) -> list[dict[str, Any]]:
    """As JSON objects, in order."""
    return [asdict(module) for module in worth]


def from_json(rows: Iterable[Mapping[str, Any]]) -> tuple[ModuleWorth, ...]:
    """The inverse of :func:`as_json`.

    Raises:
        TypeError: a row has different keys.
    """
    return tuple(ModuleWorth(**row) for row in rows)
