"""Two packages side by side: the largest difference of every array, and whether the rest is the same."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import safe_open

from causalrec.registry.checksums import file_hash
from causalrec.registry.package import MANIFEST, SHORT_FITS, ModelPackage
from causalrec.registry.shop_rules import HIDDEN, MARKETS, OFFERS

TENSORS = ".safetensors"
NOT_COMPARED = frozenset(
    {MANIFEST, SHORT_FITS, HIDDEN, OFFERS, MARKETS, "checksums.json"}
)  # where, when and next to what it was trained, and under which rules it serves


@dataclass(frozen=True)
class Likeness:
    """One array or file of both packages.

    Attributes:
        equal: bit for bit. shape: of the first; empty for a file.
        largest: greatest absolute difference of two values, infinite if shapes or presence differ.
        scale: greatest absolute value of the first.
    """

    name: str
    equal: bool
    shape: tuple[int, ...] = ()
    largest: float = 0.0
    scale: float = 0.0


def compare_packages(first: ModelPackage, second: ModelPackage) -> tuple[Likeness, ...]:
    """Every file of either package but the manifests; arrays one by one."""
    names = sorted(_files(first.folder) | _files(second.folder))
    return tuple(
        table for name in names for table in _compare(name, first.folder / name, second.folder / name)
    )


def _files(folder: Path) -> set[str]:
    found = {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}
    return found - NOT_COMPARED


def _compare(name: str, first: Path, second: Path) -> Iterator[Likeness]:
    if not (first.is_file() and second.is_file()):
        yield Likeness(name, equal=False, largest=float("inf"))
    elif not name.endswith(TENSORS):
        same = file_hash(first) == file_hash(second)
        yield Likeness(name, equal=same, largest=0.0 if same else float("inf"))
    else:
        with safe_open(first, "numpy") as ours, safe_open(second, "numpy") as theirs:
            for key in sorted({*ours.keys(), *theirs.keys()}):
                both = key in ours.keys() and key in theirs.keys()  # noqa: SIM118 - it is no mapping
                label = f"{name.removesuffix(TENSORS)}: {key}"
                yield (
                    _arrays(label, ours.get_tensor(key), theirs.get_tensor(key))
                    if both
                    else Likeness(label, equal=False, largest=float("inf"))
                )


def _arrays(name: str, first: npt.NDArray[Any], second: npt.NDArray[Any]) -> Likeness:
    if first.shape != second.shape or first.dtype != second.dtype:
        return Likeness(name, equal=False, shape=first.shape, largest=float("inf"))
    if first.size == 0 or first.tobytes() == second.tobytes():
        return Likeness(name, equal=True, shape=first.shape, scale=_largest(first))
    gap = np.abs(first.astype(np.float64) - second.astype(np.float64))
    both_lack = np.isnan(first) & np.isnan(second) if first.dtype.kind == "f" else False
    gap = np.where(both_lack, 0.0, np.where(np.isnan(gap), np.inf, gap))
    return Likeness(name, equal=False, shape=first.shape, largest=float(gap.max()), scale=_largest(first))


def _largest(values: npt.NDArray[Any]) -> float:
    finite = np.abs(values.astype(np.float64))
    return float(np.nanmax(finite, initial=0.0)) if values.size else 0.0
