"""The review command on a real MLflow store: a first version, then its page beside the run."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from causalrec.errors import RegistryError
from causalrec.lake import Lake, Ledger
from causalrec.registry.gate.evaluate import evaluate_version
from causalrec.registry.runs import attach_page, run_facts
from causalrec.registry.store import connect
from causalrec.registry.train import train_and_log
from causalrec.registry.versions import need
from jobs.cli import main
from tests.registry.shop import DS, settings_in, write_dataset

pytestmark = pytest.mark.slow


def test_page_of_a_first_version(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CAUSALREC_SETTINGS", raising=False)
    settings = settings_in(tmp_path, "causal")
    lake = Lake(settings.lake_root)
    dataset_id = write_dataset(settings)
    file = tmp_path / "settings.toml"
    file.write_text(f'[paths]\nwork = "{tmp_path}"\n[gate]\nmetric = "ndcg@10"\n', encoding="utf-8")
    command = ["review", "--ds", DS.isoformat(), "--settings", str(file)]
    assert main(command) == 1
    assert "has no challenger" in capsys.readouterr().out
    train_and_log(settings, lake, Ledger(lake), DS)
    assert main(command) == 1
    assert "has no evaluation" in capsys.readouterr().out

    evaluate_version(settings, lake, Ledger(lake), DS)
    assert main(command) == 0
    assert "artifact review/review_1.html" in capsys.readouterr().out.replace(os.linesep, " ")
    client = connect(settings)
    version = need(client, settings, "challenger")
    assert version.tags["review"] == "review/review_1.html"
    local = client.download_artifacts(version.run_id, version.tags["review"], str(tmp_path))
    text = Path(local).read_text(encoding="utf-8")
    assert text == (settings.report_root / "review_1.html").read_text(encoding="utf-8")
    assert "the ease baseline" in text
    assert dataset_id in text

    facts = run_facts(client, version)
    assert [step for step, _ in facts.curves["loss"]] == [1, 2]
    assert "best_epoch" not in facts.curves  # logged once, no curve
    assert facts.lineage["dataset_id"] == dataset_id
    assert facts.cost["epochs"] == "2"
    gone = replace(version, run_id="0" * 32)
    with pytest.raises(RegistryError, match="cannot be read"):
        run_facts(client, gone)
    with pytest.raises(RegistryError, match="could not be stored in MLflow"):
        attach_page(client, gone, settings.report_root / "review_1.html")
