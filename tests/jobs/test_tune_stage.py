"""The stage of the training DAG that looks for better settings: when it does, and what it leaves."""

import datetime as dt
from pathlib import Path

import pytest

from causalrec.config import Settings
from causalrec.config.tuned import FILE, Tuned, last_tuned, write_tuned
from causalrec.lake import Lake, Ledger
from causalrec.run import Run
from causalrec.store import Location
from jobs._stage.runner import main
from jobs.tune import JOB, not_due
from tests.jobs.conftest import Registered
from tests.registry.shop import DS


def run(work: Path, every_days: int, ds: dt.date) -> Run:
    tree = {"paths": {"work": str(work)}, "tuning": {"every_days": every_days}}
    settings = Settings.model_validate(tree)
    lake = Lake(settings.lake_root)
    return Run(settings, lake, Ledger(lake), ds)


@pytest.mark.parametrize(
    ("every_days", "day", "expected"),
    [
        (0, 1, "tuning.every_days is 0: settings are tuned by hand"),
        (28, 1, ""),  # the day's own search, run again
        (28, 8, "tuned on 2026-03-01, next on 2026-03-29"),
        (28, 29, ""),
    ],
)
def test_when_it_is_time(tmp_path: Path, every_days: int, day: int, expected: str) -> None:
    write_tuned(
        Location(str(tmp_path)), Tuned("causal", dt.date(2026, 3, 1), {"model.response.dim": 6}, "found")
    )
    assert not_due(run(tmp_path, every_days, dt.date(2026, 3, day))) == expected


def test_the_first_search_is_due_at_once(tmp_path: Path) -> None:
    assert not_due(run(tmp_path, 28, dt.date(2026, 3, 1))) == ""


@pytest.mark.slow
def test_the_stage_writes_what_training_reads(
    registered: Registered, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    change = {"MODEL__NAME": "ials", "MODEL__IALS__SWEEPS": "1", "TUNING__MINUTES": "0.02"}
    for name, value in change.items():
        monkeypatch.setenv(f"CAUSALREC__{name}", value)
    line = ["--ds", DS.isoformat(), "--settings", str(registered.file)]
    work = registered.settings.paths.work
    try:
        assert main(JOB, line) == 0
        assert "tuned by hand" in capsys.readouterr().out
        assert not (work / FILE).exists()
        monkeypatch.setenv("CAUSALREC__TUNING__EVERY_DAYS", "28")
        assert main(JOB, line) == 0
        found = last_tuned(registered.settings.store, "ials")
        assert found is not None
        assert found.day == DS
        assert "model.ials.ridge" in found.change
        assert "recall@20+ndcg@20 on validation" in found.told
        capsys.readouterr()
        assert main(JOB, line) == 0
        assert "up to date" in capsys.readouterr().out
    finally:
        (work / FILE).unlink(missing_ok=True)
