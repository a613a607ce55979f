"""Brand patterns: the share of the second colour at each pixel, from 0 to 1."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Field = npt.NDArray[np.float32]


def draw_pattern(name: str, side: int, scale: float, turn: float) -> Field:
    """Pattern ``name`` as (side, side) shares.

    Args:
        name: a key of ``PATTERNS``.
        side: pixels.
        scale: period of the pattern as a share of the picture (0.05 fine, 0.2 bold).
        turn: rotation in radians.
    """
    axis = np.linspace(-0.5, 0.5, side, dtype=np.float32)
    x, y = np.meshgrid(axis, axis)
    along = (np.cos(turn) * x + np.sin(turn) * y) / scale
    across = (-np.sin(turn) * x + np.cos(turn) * y) / scale
    return np.clip(PATTERNS[name](along, across), 0, 1)


def _edge(value: Field, sharp: float = 12.0) -> Field:
    """A soft step at zero, so that edges are not jagged."""
    return np.asarray(0.5 + 0.5 * np.clip(sharp * value, -1, 1), np.float32)


def _tri(value: Field) -> Field:
    """Triangle wave of period 1 between -0.5 and 0.5."""
    return np.asarray(np.abs(value % 1 - 0.5) * 2 - 0.5, np.float32)


def _stripes(x: Field, y: Field) -> Field:
    return _edge(_tri(y) - 0.1)


def _sun(x: Field, y: Field) -> Field:
    rays: Field = np.sin(np.float32(10) * np.arctan2(y, x))
    disc: Field = np.float32(1.1) - np.hypot(x, y)
    return np.asarray(0.55 * _edge(rays, 4) + 0.45 * _edge(disc, 4), np.float32)


def _dots(x: Field, y: Field) -> Field:
    shifted = x + 0.5 * (np.floor(y) % 2)
    return _edge(0.28 - np.hypot(shifted % 1 - 0.5, y % 1 - 0.5))


def _zigzag(x: Field, y: Field) -> Field:
    return _edge(_tri(y + 0.5 * _tri(x)) - 0.05)


def _plain(x: Field, y: Field) -> Field:
    return np.asarray(_edge(0.18 - np.abs(y + 0.3)) * 0.8, np.float32)


def _leaves(x: Field, y: Field) -> Field:
    u, v = x % 1 - 0.5, (y + 0.5 * (np.floor(x) % 2)) % 1 - 0.5
    lens = 0.42 - np.hypot(u + 0.22, v) + np.minimum(0, 0.42 - np.hypot(u - 0.22, v))
    return np.asarray(_edge(np.minimum(lens, 0.42 - np.hypot(u - 0.22, v))) * 0.9, np.float32)


def _checks(x: Field, y: Field) -> Field:
    wide = 0.5 * (_edge(_tri(x)) + _edge(_tri(y)))
    thin = np.maximum(_edge(_tri(2 * x + 0.5) - 0.42), _edge(_tri(2 * y + 0.5) - 0.42))
    return np.asarray(np.maximum(wide, 0.9 * thin), np.float32)


def _blocks(x: Field, y: Field) -> Field:
    cell = np.sin(12.9898 * np.floor(1.5 * x) + 78.233 * np.floor(1.5 * y)) * 43_758.5453
    return np.asarray(np.round((cell % 1) * 3) / 3, np.float32)


def _waves(x: Field, y: Field) -> Field:
    swell = np.sin(np.float32(2 * np.pi * 0.7) * x)
    return _edge(_tri(y + 0.25 * swell) - 0.05)


PATTERNS: dict[str, Callable[[Field, Field], Field]] = {
    "stripes": _stripes, "sun": _sun, "dots": _dots, "zigzag": _zigzag, "plain": _plain, "leaves": _leaves,
    "checks": _checks, "blocks": _blocks, "waves": _waves,
}  # fmt: skip
