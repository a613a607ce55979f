"""The benchmark command on a tiny bundle: runs, resumes, keeps the test set closed until asked."""

import json
import re
import shutil
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
    assert re.search(r"│ popularity │ +1 │ 0\.\d{4} │", capsys.readouterr().out)
    first = rows(out)
    assert set(first) == {("popularity", "valid"), ("ease", "valid")}
    assert first["popularity", "valid"]["seeds"] == 1  # a closed form has one answer
    p_values = first["popularity", "valid"]["p_values"]
    assert set(p_values) == {"recall@20", "ndcg@20"}  # type: ignore[call-overload]
    assert p_values["ndcg@20"] < 0.05  # type: ignore[index]
    assert first["ease", "valid"]["p_values"] == {}
    assert first["ease", "valid"]["mean"]["ndcg@20"] > first["popularity", "valid"]["mean"]["ndcg@20"]  # type: ignore[index]
    fitted = {file: file.stat().st_mtime_ns for file in out.glob("cells/*/model/*")}
    assert len(fitted) == 4
    assert not list(out.glob("cells/*/test.json"))

    assert main([*line, "--test"]) == 0
    second = rows(out)
    assert set(second) == set(first) | {("popularity", "test"), ("ease", "test")}
    assert second["ease", "valid"] == first["ease", "valid"]
    assert {file: file.stat().st_mtime_ns for file in out.glob("cells/*/model/*")} == fitted
    text = (out / "bench.md").read_text()
    assert "| tiny | test | ease |" in text
    assert "p R@20 | p N@20" in text
    assert "tiny, test: N@20" in re.sub(r"<!-- (.*?) -->", r"\1", (out / "bench.svg").read_text())


def test_overrides_and_refuters_make_rows_of_their_own(bundle: Path, tmp_path: Path) -> None:
    """Two rows of the same model: what differs is their settings and their data."""
    shop = tmp_path / "content"
    shutil.copytree(bundle, shop)
    look = np.eye(3)[np.arange(24) % 3] + 0.1 * np.random.default_rng(1).normal(size=(24, 3))
    np.save(shop / "image.npy", look.astype(np.float32))
    file = tmp_path / "bench.toml"
    file.write_text(
        "[training]\nbatch = 64\nnegatives = 8\n[bench.variants.causal]\n"
        '"model.dim" = 8\n[bench.variants.no_frontdoor]\n"training.learning_rate" = 0.02\n'
    )
    out = tmp_path / "out"
    names = ["causal", "no_frontdoor", "shuffled_modality"]
    assert (
        main(["bench", str(shop), "--out", str(out), "--settings", str(file), "--quick", "--models", *names])
        == 0
    )
    assert {model for model, _ in rows(out)} == set(names)
    assert set(rows(out)["shuffled_modality", "valid"]["p_values"]) == {"recall@20", "ndcg@20"}  # type: ignore[call-overload]
    recipes = [json.loads(path.read_text())["recipe"] for path in out.glob("cells/*/model/recommender.json")]
    found = {(r["model"]["frontdoor"]["enabled"], r["training"]["learning_rate"]) for r in recipes}
    assert found == {(True, 0.01), (False, 0.02)}
    assert {r["model"]["dim"] for r in recipes} == {8}  # an ablation shares the overrides of its model
    assert len(recipes) == 3


def test_refusals_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", str(tmp_path / "absent")]) == 1
    assert "no bundle at" in capsys.readouterr().out
    file = tmp_path / "bench.toml"
    file.write_text('[bench.variants.nobody]\n"model.dim" = 8\n')
    assert main(["bench", str(tmp_path), "--settings", str(file)]) == 1
    assert "bench.variants names ['nobody']" in capsys.readouterr().out


def test_random_exposure_is_a_test_with_p_values_and_logged_propensities_are_used(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    shop, out = tmp_path / "rated", tmp_path / "out"
    shop.mkdir()
    liked = rng.integers(0, 3, 60)[:, None] == np.arange(24) % 3
    chance = np.where(np.arange(24) < 8, 0.8, 0.2)
    seen = np.stack(np.nonzero(rng.random((60, 24)) < chance))
    shown = np.stack(np.nonzero(rng.random((60, 24)) < 0.4))
    for name, pairs in (("ratings", seen), ("random_exposure", shown)):
        np.save(shop / f"{name}.npy", np.vstack([pairs, np.where(liked[pairs[0], pairs[1]], 5, 1)]))
    np.save(shop / "propensity.npy", np.tile(chance, (60, 1)))
    line = ["bench", str(shop), "--out", str(out), "--reference", "ease", "--quick", "--test"]
    assert main([*line, "--models", "ease", "popularity", "ips_mf"]) == 0
    found = rows(out)
    measured = {"random_ndcg@5", "random_auc", "dr_liked@5", "dr_support@5"}
    assert set(found["popularity", "test"]["mean"]) == measured  # type: ignore[call-overload]
    p_values = found["popularity", "test"]["p_values"]
    assert set(p_values) == {"random_ndcg@5", "random_auc", "dr_liked@5"}  # type: ignore[call-overload]
    assert max(p_values["random_ndcg@5"], p_values["random_auc"]) < 0.05  # type: ignore[index]
    assert found["popularity", "valid"]["mean"]["snips_hit@20"] > 0  # type: ignore[index]
    assert "p random N@5 | p random AUC | p DR liked@5" in (out / "bench.md").read_text()


def test_a_named_row_that_needs_times_is_left_out_and_said(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ["bench", str(bundle), "--out", str(tmp_path / "out")]
    assert main([*line, "--models", "popularity", "--models", "sasrec"]) == 0
    assert "tiny, random split: without sasrec, which needs the times of the pairs" in capsys.readouterr().out
    assert set(rows(tmp_path / "out")) == {("popularity", "valid")}
    assert main([*line, "--models", "sasrec"]) == 1
    assert "none of sasrec can be trained here" in "".join(capsys.readouterr())
