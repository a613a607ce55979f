"""Two packages side by side, array by array; and the verdict on what differs."""

import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from safetensors.numpy import save_file

from causalrec.registry.package import ModelPackage
from causalrec.registry.reproduction.alike import NOT_COMPARED, Likeness, compare_packages
from causalrec.registry.reproduction.compare import Metric, verdict_of

INF = float("inf")
Arrays = dict[str, npt.NDArray[np.generic]]


def package(folder: Path, files: dict[str, str], arrays: Arrays | None = None) -> ModelPackage:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    if arrays:
        save_file(arrays, folder / "x.safetensors")
    return ModelPackage(folder)


def test_files(tmp_path: Path) -> None:
    ours = package(
        tmp_path / "a", {"same": "1", "other": "1", "below/ours": "1", **dict.fromkeys(NOT_COMPARED, "1")}
    )
    theirs = package(tmp_path / "b", {"same": "1", "other": "2", "theirs": "1"})
    assert compare_packages(ours, theirs) == (
        Likeness("below/ours", equal=False, largest=INF),
        Likeness("other", equal=False, largest=INF),
        Likeness("same", equal=True),
        Likeness("theirs", equal=False, largest=INF),
    )
    assert Likeness("same", equal=True) == Likeness("same", True, (), 0.0, 0.0)


def compared(tmp_path: Path, ours: Arrays, theirs: Arrays) -> list[Likeness]:
    return list(
        compare_packages(package(tmp_path / "a", {"f": ""}, ours), package(tmp_path / "b", {"f": ""}, theirs))
    )[1:]


def floats(*values: float) -> npt.NDArray[np.float32]:
    return np.array(values, dtype=np.float32)


@pytest.mark.parametrize(
    ("ours", "theirs", "equal", "largest", "scale"),
    [
        (floats(1, -4), floats(1, -4), True, 0.0, 4.0),
        (floats(1, -4), floats(1.5, -8), False, 4.0, 4.0),
        (floats(1, math.nan), floats(1, math.nan), True, 0.0, 1.0),
        (floats(1, math.nan), floats(2, math.nan), False, 1.0, 1.0),
        (floats(1, math.nan), floats(1, 2), False, INF, 1.0),
        (floats(1, 2), floats(math.nan, 2), False, INF, 2.0),
        (floats(1, 2), floats(1, 2, 3), False, INF, 0.0),
        (floats(1, 2), np.array([1.0, 2.0]), False, INF, 0.0),
        (floats(), floats(), True, 0.0, 0.0),
        (np.array([3, 5]), np.array([4, 5]), False, 1.0, 5.0),
    ],
)
def test_arrays(
    tmp_path: Path, ours: npt.NDArray[np.generic], theirs: npt.NDArray[np.generic], equal: bool,
    largest: float, scale: float,
) -> None:  # fmt: skip
    assert compared(tmp_path, {"a": ours}, {"a": theirs}) == [
        Likeness("x: a", equal, ours.shape, largest, scale)
    ]


def test_an_array_that_one_lacks(tmp_path: Path) -> None:
    found = compared(tmp_path, {"a": floats(1), "b": floats(1)}, {"b": floats(1), "c": floats(1)})
    assert found == [
        Likeness("x: a", equal=False, largest=INF),
        Likeness("x: b", equal=True, shape=(1,), scale=1.0),
        Likeness("x: c", equal=False, largest=INF),
    ]


def test_the_verdict() -> None:
    same, other = Likeness("a", equal=True), Likeness("b", equal=False, largest=9.0)

    def metrics(*values: tuple[float, float]) -> tuple[Metric, ...]:
        return tuple(Metric("test", "ndcg@20", None, *pair) for pair in values)

    assert verdict_of((same, same), metrics((0.0, 1.0)), 0.25) == "exact"
    assert verdict_of((same, other), metrics((0.5, 0.75), (0.75, 0.5)), 0.25) == "close"
    assert verdict_of((other,), metrics((0.5, 0.75), (0.5, 0.8)), 0.25) == "different"
    assert verdict_of((other,), metrics((math.nan, math.nan)), 0.25) == "close"
    for pair in ((math.nan, 0.5), (0.5, math.nan)):
        assert verdict_of((other,), metrics(pair), 0.25) == "different"
