"""Fits that differ from the registered model in one module: kept if a truth is known to compare them with.

Tables in float32 safetensors, numbered in the order of their labels, which are in the file's header.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from causalrec.dataset.arrays import Floats
from causalrec.model.base import ServingTables

LABELS = "labels"  # key of the header


@dataclass(frozen=True)
class ShortFit:
    """Scores are products: (U, d) and (N, d) of the response, (U, c) and (N, c) of the content effect.

    ``exposure`` (N,) is what exposure adds to the response in the ranking by what will be chosen anyway; zero
    if not learnt.
    """

    users: Floats
    items: Floats
    content_users: Floats
    content_items: Floats
    exposure: Floats

    @staticmethod
    def of(tables: ServingTables) -> "ShortFit":
        """The part of ``tables`` that is kept; a model without content tables uses its scores."""
        users, items = tables.content_users, tables.content_items
        if users is None or items is None:
            users, items = tables.users, tables.items
        exposure = np.zeros(len(tables.items), np.float32) if tables.exposure is None else tables.exposure
        return ShortFit(tables.users, tables.items, users, items, exposure)


TABLES = tuple(field.name for field in fields(ShortFit))


def save_fits(fits: Mapping[str, ServingTables], file: Path) -> None:
    """Writes the fits by their labels, in order."""
    arrays = {
        f"{number}.{name}": np.ascontiguousarray(getattr(ShortFit.of(tables), name), dtype=np.float32)
        for number, tables in enumerate(fits.values())
        for name in TABLES
    }
    save_file(arrays, file, metadata={LABELS: json.dumps(list(fits))})


def load_fits(file: Path) -> dict[str, ShortFit]:
    """The inverse of :func:`save_fits`; empty if there is no file."""
    if not file.is_file():
        return {}
    with safe_open(file, framework="numpy") as stored:
        labels: list[str] = json.loads(stored.metadata()[LABELS])
    arrays = load_file(file)
    fits = {}
    for number, label in enumerate(labels):
        found = {name: arrays.get(f"{number}.{name}") for name in TABLES}
        if found["exposure"] is None:  # written by older code
            found["exposure"] = np.zeros(len(arrays[f"{number}.items"]), np.float32)
        fits[label] = ShortFit(**found)
    return fits
