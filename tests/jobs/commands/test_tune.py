"""The command on a bundle: runs in MLflow, a page, and settings that the next run starts from."""

import os
from pathlib import Path

import numpy as np
import pytest

from causalrec.config import load_settings
from causalrec.registry.store import connect
from jobs.cli import main


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    pairs = np.array((rng.random((30, 12)) < 0.4).nonzero(), dtype=np.int32)
    pairs = pairs[:, rng.permutation(pairs.shape[1])]
    folder = tmp_path / "bundle"
    folder.mkdir()
    np.save(folder / "train.npy", pairs[:, 30:])
    np.save(folder / "valid.npy", pairs[:, :30])
    return folder


@pytest.mark.slow
def test_tuning_a_bundle(bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = {
        "PATHS__WORK": str(tmp_path / "work"),
        "MODEL__NAME": "ials",
        "MODEL__IALS__SWEEPS": "1",
    }
    for name, value in shop.items():
        monkeypatch.setenv(f"CAUSALREC__{name}", value)
    assert main(["tune", "--bundle", str(bundle), "--minutes", "0.3"]) == 0
    settings = load_settings(None, os.environ)
    tuned = (tmp_path / "work" / "tuned.toml").read_text(encoding="utf-8")
    assert f"model.ials.ridge = {settings.model.ials.ridge}" in tuned
    client = connect(settings)
    runs = client.search_runs([e.experiment_id for e in client.search_experiments()])
    names = {run.info.run_name for run in runs}
    assert {"tuning of ials", "trial 0"} <= names
    page = (settings.report_root / "tuning.html").read_text(encoding="utf-8")
    assert "Tuning of ials" in page
    assert "model.ials.ridge" in page


def test_a_budget_of_nothing_is_refused(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tune", "--bundle", str(bundle), "--minutes", "0"]) != 0
    assert "minutes above 0" in capsys.readouterr().out
