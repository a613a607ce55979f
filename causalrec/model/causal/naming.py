"""Readable names of codes: the attribute value that is most over-represented in a coarse code."""

from collections.abc import Mapping

import numpy as np

from causalrec.dataset.arrays import Ints

SMOOTHING = 2.0  # smoothing: average items added to every code, so that a code with one item proves little


def name_codes(coarse: Ints, codes: int, attributes: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Per coarse code "attribute value" with the highest lift P(value | code) / P(value), smoothed.

    A code for which no value is over-represented is called "style <number>".
    """
    best = np.ones(codes)
    names = [f"style {code}" for code in range(codes)]
    rows = np.flatnonzero(coarse >= 0)
    sizes = np.bincount(coarse[rows], minlength=codes)
    for attribute in sorted(attributes):
        values, kinds = np.unique(np.asarray(attributes[attribute], dtype=np.str_)[rows], return_inverse=True)
        if values.size < 2:
            continue
        counts = np.zeros((codes, values.size))
        np.add.at(counts, (coarse[rows], kinds), 1.0)
        usual = counts.sum(axis=0) / max(rows.size, 1)
        lift = (counts + SMOOTHING * usual) / (sizes[:, None] + SMOOTHING) / usual
        lift[:, values == ""] = 0.0
        top = lift.argmax(axis=1)
        for code in np.flatnonzero(lift.max(axis=1) > best):
            best[code] = lift[code, top[code]]
            names[code] = f"{attribute} {values[top[code]]}"
    return tuple(names)
