"""Scales rows and blocks of columns to unit length; with numpy alone, so that scoring does not need torch."""

import numpy as np

from causalrec.dataset.arrays import Floats


def unit_rows(values: Floats) -> Floats:
    """Rows scaled to length one; a zero row stays zero."""
    length = np.linalg.norm(values, axis=1, keepdims=True)
    scaled: Floats = (values / np.where(length > 0, length, 1.0)).astype(np.float32)
    return scaled


def unit_blocks(values: Floats, widths: tuple[int, ...]) -> Floats:
    """Rows (n, sum widths) with each block of columns scaled to length one; a zero block stays zero."""
    return np.concatenate([unit_rows(part) for part in split_blocks(values, widths)], axis=1)


def split_blocks(values: Floats, widths: tuple[int, ...]) -> list[Floats]:
    """The blocks of columns; without widths, ``values`` itself, which then has no columns."""
    edges: list[int] = np.cumsum(widths, dtype=np.int64)[:-1].tolist()
    return list(np.split(values, edges, axis=1))
