"""One modality and the others of the same items, as the two sides of a channel."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from causalrec.dataset.arrays import Floats
from causalrec.model.content import Content, Whitening, fit_whitening

CONDITION = 256  # directions of the other modalities that predict one
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class View:
    """More directions of a modality than are predicted, with those of small variance damped.

    Column j is whitened and multiplied by sqrt(s_j / s_1) for its deviation s_j: midway between principal
    components at their own size, which hide small directions, and whitened ones, which let noise in.
    """

    whitening: Whitening

    def __call__(self, values: Floats) -> Floats:
        """(n, q); zero rows where missing."""
        white, _ = self.whitening(values)
        spread = self.whitening.spread
        damped: Floats = white * np.sqrt(spread / spread.max())
        return damped / np.float32(np.sqrt((spread / spread.max()).mean()))


def fit_views(content: Content, names: tuple[str, ...], directions: int) -> dict[str, View]:
    """A view of every modality whose raw rows are in ``content``."""
    fitted = {name: fit_whitening(content.raw[name], directions) for name in names if name in content.raw}
    return {name: View(whitening) for name, whitening in fitted.items() if whitening is not None}


def sides(name: str, content: Content, views: Mapping[str, View]) -> tuple[Floats, Floats, Flags]:
    """The modality (n, p), all others side by side (n, q), missing ones zero, and items that have both.

    A modality without a view is given by its whitened rows.
    """
    others = [other for other in sorted(content.white) if other != name]
    condition = np.concatenate([_seen(other, content, views) for other in others], axis=1)
    both = np.zeros(condition.shape[0], dtype=np.bool_)
    for other in others:
        both |= content.present[other]
    both &= content.present[name]
    return content.white[name], condition, both


def _seen(name: str, content: Content, views: Mapping[str, View]) -> Floats:
    if name not in views:
        return content.white[name]
    if name not in content.raw:
        rows = next(iter(content.present.values())).size
        return np.zeros((rows, views[name].whitening.spread.size), dtype=np.float32)
    return views[name](content.raw[name])
