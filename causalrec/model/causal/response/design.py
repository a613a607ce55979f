"""What is known about items before anyone looks at them: whitened content and codes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import torch
from torch import Tensor

from causalrec.dataset.arrays import Floats, Ints
from causalrec.model.content import Content

CONTENT_WIDTH = 32  # maximum number of principal components per modality

MOST_LEVELS = 256  # number of most frequent brands, categories or codes with an effect

NONE = -1


@dataclass(frozen=True)
class Design:
    """Regressors of items: columns of content, then one indicator per level of each group.

    Attributes:
        content: float64 (N, p). groups: per group int64 (N,), the level of each item; the last level of a
        group stands for "none of them" and has no column. levels: columns of each group.
    """

    content: Tensor
    groups: tuple[Tensor, ...]
    levels: tuple[int, ...]

    @property
    def widths(self) -> tuple[int, ...]:
        """Columns of content and of each group."""
        return (self.content.shape[1], *self.levels)

    def of(self, items: Tensor) -> "Design":
        """The rows of ``items`` (n,), with the same columns."""
        return Design(self.content[items], tuple(group[items] for group in self.groups), self.levels)

    def times(self, coefficients: Tensor) -> Tensor:
        """The product (N,) of all columns with ``coefficients`` (sum of widths,)."""
        content, *effects = torch.split(coefficients, list(self.widths))
        total = self.content @ content
        for group, effect in zip(self.groups, effects, strict=True):
            total = total + torch.cat([effect, effect.new_zeros(1)])[group]
        return total

    def transposed_times(self, values: Tensor) -> Tensor:
        """The product (sum of widths,) of the transposed columns with ``values`` (N,)."""
        parts = [self.content.T @ values]
        for group, count in zip(self.groups, self.levels, strict=True):
            parts.append(values.new_zeros(count + 1).index_add_(0, group, values)[:count])
        return torch.cat(parts)

    def gram(self) -> Tensor:
        """The product of the transposed columns with the columns; group by group, never as a dense table."""
        width = sum(self.widths)
        gram = self.content.new_zeros(width, width)
        starts = np.cumsum([0, *self.widths])
        first = slice(0, int(starts[1]))
        gram[first, first] = self.content.T @ self.content
        for a, (group, count) in enumerate(zip(self.groups, self.levels, strict=True)):
            own = slice(int(starts[a + 1]), int(starts[a + 2]))
            sums = self.content.new_zeros(count + 1, self.content.shape[1])
            gram[own, first] = sums.index_add_(0, group, self.content)[:count]
            gram[first, own] = gram[own, first].T
            gram[own, own] = torch.diag(torch.bincount(group, minlength=count + 1)[:count].to(gram.dtype))
        for a, b in combinations(range(len(self.groups)), 2):
            across = (self.levels[a] + 1, self.levels[b] + 1)
            flat = self.groups[a] * across[1] + self.groups[b]
            joint = torch.bincount(flat, minlength=across[0] * across[1]).reshape(across)[:-1, :-1]
            rows = slice(int(starts[a + 1]), int(starts[a + 2]))
            columns = slice(int(starts[b + 1]), int(starts[b + 2]))
            gram[rows, columns] = joint.to(gram.dtype)
            gram[columns, rows] = joint.T.to(gram.dtype)
        return gram


def item_design(
    content: Content,
    attributes: Mapping[str, Sequence[str]],
    codes: Sequence[Ints],
    device: torch.device,
) -> Design:
    """The design of the items of a catalogue.

    Groups are the attributes, every two of them crossed, and the learnt ``codes``; levels with a single item,
    and all but the most frequent of a group, have no column.
    """
    labels = [np.unique(np.asarray(values), return_inverse=True)[1] for values in attributes.values()]
    known = [np.where(np.asarray(values) != "", of, NONE) for values, of in zip(attributes.values(), labels)]  # noqa: B905
    crossed = [
        np.where((a >= 0) & (b >= 0), a.astype(np.int64) * (int(b.max()) + 1) + b, NONE)
        for a, b in combinations(known, 2)
    ]
    groups, levels = [], []
    for group in [*known, *crossed, *codes]:
        level, count = common_levels(group, MOST_LEVELS)
        if count:
            groups.append(torch.as_tensor(level, device=device))
            levels.append(count)
    columns = torch.as_tensor(content_columns(content, CONTENT_WIDTH), dtype=torch.float64, device=device)
    return Design(columns, tuple(groups), tuple(levels))


def common_levels(group: "np.ndarray", most: int) -> tuple["np.ndarray", int]:
    """Levels 0..count-1 of the items (N,) by frequency, ``count`` if the level is rare or unknown."""
    values, inverse, counts = np.unique(group, return_inverse=True, return_counts=True)
    usable = np.flatnonzero((values != NONE) & (counts > 1))
    chosen = usable[np.argsort(-counts[usable], kind="stable")][:most]
    place = np.full(values.size, chosen.size, dtype=np.int64)
    place[chosen] = np.arange(chosen.size)
    return place[inverse.ravel()], int(chosen.size)


def content_columns(content: Content, width: int) -> Floats:
    """The first ``width`` principal components of each modality side by side, (N, p), whitened."""
    parts = [white[:, :width] for white in content.white.values()]
    if not parts:
        return np.zeros((content.vectors.shape[0], 0), dtype=np.float32)
    columns: Floats = np.concatenate(parts, axis=1)
    return columns
