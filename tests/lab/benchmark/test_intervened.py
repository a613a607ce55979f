"""The intervened split as a bundle of its own, by the command."""

from pathlib import Path

import numpy as np
import pytest

from causalrec.dataset.bundle import load_bundle
from causalrec.errors import DatasetError
from causalrec.lab.benchmark.intervened import intervened_bundle, intervened_split
from jobs.cli import main


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    pairs = np.stack(np.nonzero(rng.random((60, 25)) < 0.6 / np.arange(1, 26))).astype(np.int32)
    part = rng.integers(0, 5, pairs.shape[1])
    folder = tmp_path / "bundle"
    folder.mkdir()
    for name, mask in (("train", part < 3), ("valid", part == 3), ("test", part == 4)):
        np.save(folder / f"{name}.npy", pairs[:, mask])
    image = rng.normal(size=(25, 4)).astype(np.float32)
    image[3] = 0.0
    np.save(folder / "image.npy", image)
    np.save(folder / "random_exposure.npy", np.array([[0, 1], [2, 3], [1, 0]], dtype=np.float32))
    return folder


def test_the_command_writes_what_the_split_gives(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "even"
    assert main(["intervene", str(bundle), str(out), "--seed", "3"]) == 0
    expected, found = intervened_split(load_bundle(bundle), seed=3), load_bundle(out)
    for part in ("train", "valid", "test"):
        assert np.array_equal(getattr(found, part), getattr(expected, part))
    assert np.isnan(found.modalities["image"][3]).all()
    assert np.array_equal(found.modalities["image"][4:], expected.modalities["image"][4:])
    assert found.random_exposure is not None
    assert f"{expected.test.shape[1]} test" in capsys.readouterr().out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bundle", "even"]


def test_mistakes_are_named(bundle: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="exists"):
        intervened_bundle(bundle, bundle, seed=1)
    with pytest.raises(DatasetError, match="share 1"):
        intervened_bundle(bundle, tmp_path / "new", seed=1, share=1.0)
