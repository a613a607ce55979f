"""The known-truth study on tiny shops: runs, resumes, writes what it says."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from causalrec.config import Settings
from causalrec.lab.simulation.simulator import Knobs, simulate
from causalrec.lab.studies.cells import StudyCell, StudyResult, run_study_cell
from causalrec.lab.studies.protocol import frozen_worlds
from causalrec.lab.studies.readout import Readout
from causalrec.lab.studies.summary import summarise_study
from causalrec.lab.studies.variants import ABLATIONS, CAUSAL, CORE, INFORMED, RAW, REFUTED, VARIANTS
from jobs.cli import main

TINY = ["--users", "120", "--items", "80", "--exposed", "20", "--quick"]


def result(name: str, readout: str, values: tuple[float, float, float], seed: int) -> StudyResult:
    metrics = {
        test: {"ndcg@20": value, "recall@20": value, "popularity_lift@20": 0.0}
        for test, value in zip(("iid", "random", "do"), values, strict=True)
    }
    per_user = {test: np.full(40, metrics[test]["ndcg@20"]) for test in metrics}
    parts = {readout: Readout(metrics, per_user, 0.5, {})}
    if readout == "both":
        parts = dict.fromkeys(("factual", "adjusted"), parts["both"])
    return StudyResult(name, Knobs(seed=seed), parts, {}, {}, 1, 1.0)


def test_gaps_by_hand() -> None:
    found = []
    for seed, shift in ((1, 0.0), (2, 0.01)):
        found += [
            result("bayes", "oracle", (0.5 + shift, 0.4 + shift, 0.3 + shift), seed),
            result("raw", "both", (0.3 + shift, 0.2 + shift, 0.1 + shift), seed),
            result("informed", "both", (0.3 + shift, 0.3 + shift, 0.2 + shift), seed),
            result("causal", "both", (0.27 + shift, 0.26 + shift, 0.15 + shift), seed),
        ]
    rows = {row.name: row for row in summarise_study(found)}
    assert rows["causal"].gap_bayes == {
        "iid": pytest.approx(-0.15),
        "random": pytest.approx(0.3),
        "do": pytest.approx(0.25),
    }
    assert rows["causal"].gap_informed["iid"] is None  # told everything, the learner is no better there
    assert rows["causal"].gap_informed["random"] == pytest.approx(0.6)
    assert rows["causal"].against_raw["do"] == pytest.approx(0.155 / 0.105 - 1)
    assert rows["bayes"].gap_bayes["do"] == pytest.approx(1.0)
    assert rows["raw"].p_value["do"] is None
    assert rows["causal"].p_value["do"] is not None


def test_the_unit_of_a_test_is_the_world() -> None:
    found = []
    for seed, gain in enumerate((0.02, 0.01, 0.03, 0.02)):
        found += [
            result("raw", "both", (0.2, 0.2, 0.2), seed),
            result("causal", "both", (0.2 + gain,) * 3, seed),
        ]
    rows = {row.name: row for row in summarise_study(found)}
    assert rows["causal"].p_value["do"] == pytest.approx(ttest_1samp([0.02, 0.01, 0.03, 0.02], 0).pvalue)
    alone = {row.name: row for row in summarise_study(found[:2])}
    assert alone["causal"].p_value["do"] is None


def test_the_frozen_worlds() -> None:
    worlds = frozen_worlds(Knobs(users=120))
    assert len({world.seed for world in worlds}) == len(worlds) == 20
    assert min(world.seed for world in worlds) > 20_000
    assert {world.users for world in worlds} == {120}
    for knob in ("position_decay", "demand_curve", "demand_drift", "campaigns"):
        assert sum(getattr(world, knob) > 0 for world in worlds) == 4


def test_a_gap_within_its_noise_is_no_gap() -> None:
    found = []
    for seed, top in ((1, 0.30), (2, 0.10), (3, 0.22)):
        found += [
            result("bayes", "oracle", (top, top, top), seed),
            result("raw", "both", (0.2, 0.2, 0.2), seed),
        ]
    assert {row.gap_bayes["do"] for row in summarise_study(found)} == {None}


def test_every_variant_is_a_change_that_the_settings_know() -> None:
    base = Settings().model
    assert all(variant.settings(base) != base for variant in (RAW, *ABLATIONS))
    assert CAUSAL.settings(base) == base
    assert len(VARIANTS) == len(CORE) + len(ABLATIONS) + len(REFUTED)


def test_keys_follow_world_variant_and_settings() -> None:
    settings = Settings()
    other = settings.model_copy(update={"training": settings.training.model_copy(update={"seed": 1})})
    cells = [
        StudyCell(Knobs(), CAUSAL, settings),
        StudyCell(Knobs(confounding=0.0), CAUSAL, settings),
        StudyCell(Knobs(), RAW, settings),
        StudyCell(Knobs(), REFUTED[0], settings),
        StudyCell(Knobs(), INFORMED, settings),
        StudyCell(Knobs(), None, settings),
        StudyCell(Knobs(), CAUSAL, other),
    ]
    assert len({cell.key() for cell in cells}) == len(cells)
    assert StudyCell(Knobs(), None, other).key() == cells[5].key()  # the oracle is not trained


@pytest.mark.slow
def test_the_informed_learner_knows_what_it_is_told(tmp_path: Path) -> None:
    knobs = Knobs(users=120, items=80, exposed=20, accidents=0.3)
    training = Settings().training.model_copy(update={"epochs": 3, "device": "cpu"})
    settings = Settings().model_copy(update={"training": training})
    found = run_study_cell(StudyCell(knobs, INFORMED, settings), tmp_path)
    assert set(found.readouts) == {"factual", "adjusted"}
    assert found.readouts["factual"].metrics["do"] != found.readouts["adjusted"].metrics["do"]
    assert found.knobs == knobs
    again = run_study_cell(StudyCell(knobs, INFORMED, settings), tmp_path)
    assert again.readouts["adjusted"].metrics == found.readouts["adjusted"].metrics
    users = np.unique(simulate(knobs).test_do.test[0]).size
    assert again.readouts["adjusted"].per_user["do"].shape == (users,)


@pytest.mark.slow
def test_runs_and_resumes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = ["simulate", *TINY, "--seeds", "1", "--confounding", "2", "--out", str(tmp_path)]
    assert main([*line, "--variants", "causal"]) == 0
    content = json.loads((tmp_path / "study.json").read_text())
    names = {(row["name"], row["readout"]) for row in content["rows"]}
    assert ("bayes", "oracle") in names
    assert {name for name, _ in names} == {"bayes", "raw", "causal"}
    causal = next(row for row in content["rows"] if row["name"] == "causal")
    assert 0.0 < causal["edge_auc"] < 1.0
    assert 0.0 < causal["nmi"] <= 1.0
    assert {file.name for file in tmp_path.glob("*.png")} == {
        "study_gap.png",
        "study_tradeoff.png",
        "study_edges.png",
        "study_codes.png",
    }
    first = {file: file.stat().st_mtime_ns for file in tmp_path.glob("cells/*.json")}
    assert len(first) == 3
    assert main([*line, "--variants", "causal", "shuffled_modality"]) == 0
    second = {file: file.stat().st_mtime_ns for file in tmp_path.glob("cells/*.json")}
    assert {file: second[file] for file in first} == first
    assert len(second) == 4
    assert "| 2 | shuffled_modality |" in (tmp_path / "study.md").read_text()


def test_refuses_no_worlds(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "--seeds", "0"]) == 2
    assert "greater than or equal to 1" in " ".join(capsys.readouterr().err.replace("│", "").split())
