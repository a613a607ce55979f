"""A map of the vectors: the first two principal components, coloured by category."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from causalrec.report.features.modality import Floats

SEPARATOR = ">"
WIDTH, HEIGHT, MARGIN = 640.0, 420.0, 12.0  # of the drawing, in its own units


@dataclass(frozen=True)
class Point:
    """One content: position in the drawing, number of its colour (None: grey), and its label."""

    x: float
    y: float
    colour: int | None
    label: str


@dataclass(frozen=True)
class Map:
    """Points of a sample, the coloured categories with their sizes, and the share of variance shown."""

    points: tuple[Point, ...]
    legend: tuple[tuple[str, int], ...]
    others: int
    variance: float


def draw_map(vectors: Floats, labels: list[str], category: npt.NDArray[np.object_], colours: int) -> Map:
    """Principal component analysis (Pearson 1901) of all rows, largest categories coloured.

    Args:
        vectors: (m, d).
        labels: (m,) label of each row.
        category: (m,) name or None.
        colours: number of categories that get a colour.
    """
    if len(vectors) < 3:
        return Map((), (), 0, 0.0)
    place, variance = principal_plane(vectors)
    low, high = np.quantile(place, [0.005, 0.995], axis=0)  # single outliers would squeeze all the others
    scaled = np.clip((place - low) / np.where(high > low, high - low, 1), 0, 1)
    x = MARGIN + scaled[:, 0] * (WIDTH - 2 * MARGIN)
    y = HEIGHT - MARGIN - scaled[:, 1] * (HEIGHT - 2 * MARGIN)
    sizes = pd.Series(category, dtype=object).dropna().value_counts()
    order = sorted(sizes.index, key=lambda name: (-sizes[name], name))[:colours]
    number = {name: place for place, name in enumerate(order)}
    points = tuple(
        Point(round(float(a), 1), round(float(b), 1), number.get(name), label)
        for a, b, name, label in zip(x, y, category, labels, strict=True)
    )
    legend = tuple((str(name), int(sizes[name])) for name in order)
    return Map(points, legend, len(points) - sum(size for _, size in legend), variance)


def principal_plane(vectors: Floats) -> tuple[npt.NDArray[np.float64], float]:
    """(m, 2) coordinates and the share of the variance they keep; signs are fixed by the largest load."""
    centred = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    variances, axes = np.linalg.eigh(centred.T @ centred)
    plane = axes[:, ::-1][:, :2]
    largest = np.abs(plane).argmax(axis=0)
    plane = plane * np.where(plane[largest, np.arange(plane.shape[1])] < 0, -1, 1)
    total = float(variances.sum())
    return centred @ plane, float(variances[::-1][:2].sum()) / total if total > 0 else 0.0


def leaf_category(categories: pd.Series) -> npt.NDArray[np.object_]:
    """Per item the last, most specific level of its path (``Apparel > Shirts``); None: unknown."""
    leaf = categories.astype("string").str.split(SEPARATOR).str[-1].str.strip()
    names = leaf.fillna("").to_numpy(dtype=object)
    names[names == ""] = None
    return np.asarray(names)
