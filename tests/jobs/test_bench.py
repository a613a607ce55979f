"""The benchmark command on a tiny bundle: runs, resumes, keeps the test set closed until asked."""

import json
from pathlib import Path

import numpy as np
import pytest

from jobs.cli import main

pytestmark = pytest.mark.slow


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    taste = rng.integers(0, 3, 60)
    likes = rng.random((60, 24)) < np.where(taste[:, None] == np.arange(24) % 3, 0.6, 0.05)
    pairs = np.stack(np.nonzero(likes)).astype(np.int32)
    part = rng.integers(0, 5, pairs.shape[1])
    folder = tmp_path / "tiny"
    folder.mkdir()
    for name, mask in (("train", part < 3), ("valid", part == 3), ("test", part == 4)):
        np.save(folder / f"{name}.npy", pairs[:, mask])
    return folder


def rows(out: Path) -> dict[tuple[str, str], dict[str, object]]:
    content = json.loads((out / "bench.json").read_text())
    return {(row["model"], row["split"]): row for row in content["rows"]}


def test_runs_resumes_and_opens_the_test_set_last(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    line = ["bench", str(bundle), "--out", str(out), "--reference", "ease", "--models", "popularity", "ease"]
    assert main([*line, "--seeds", "3"]) == 0
    first = rows(out)
    assert set(first) == {("popularity", "valid"), ("ease", "valid")}
    assert first["popularity", "valid"]["seeds"] == 1  # a closed form has one answer
    assert first["popularity", "valid"]["p_value"] < 0.05  # type: ignore[operator]
    assert first["ease", "valid"]["p_value"] is None
    assert first["ease", "valid"]["mean"]["ndcg@20"] > first["popularity", "valid"]["mean"]["ndcg@20"]  # type: ignore[index]
    fitted = {file: file.stat().st_mtime_ns for file in out.glob("cells/*/model/*")}
    assert len(fitted) == 4
    assert not list(out.glob("cells/*/test.json"))

    assert main([*line, "--test"]) == 0
    second = rows(out)
    assert set(second) == set(first) | {("popularity", "test"), ("ease", "test")}
    assert second["ease", "valid"] == first["ease", "valid"]
    assert {file: file.stat().st_mtime_ns for file in out.glob("cells/*/model/*")} == fitted
    assert "| tiny | test | ease |" in (out / "bench.md").read_text()


def test_refusals_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", str(tmp_path / "absent")]) == 1
    assert "no bundle at" in capsys.readouterr().out
