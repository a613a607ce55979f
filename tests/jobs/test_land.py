"""``python -m jobs.land``: lands, then says that it is up to date, and names the range for a wrong date."""

from pathlib import Path

import pytest

from jobs import land
from jobs._stage.runner import EXIT_REFUSED, main


def test_land_runs_twice_and_refuses_a_foreign_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = tmp_path / "tiny.toml"
    settings.write_text(
        f'[paths]\nwork = "{tmp_path / "work"}"\n[source]\nusers = 20\nitems = 20\ndays = 3\n'
        "[source.demo]\npicture_side = 32\n"
    )
    line = ["--ds", "2026-01-30", "--settings", str(settings)]
    assert main(land.JOB, line) == 0
    assert (tmp_path / "work" / "landing" / "events" / "arrival_date=2026-01-30").is_dir()
    capsys.readouterr()
    assert main(land.JOB, line) == 0
    assert "up to date" in capsys.readouterr().out
    assert main(land.JOB, ["--ds", "2027-01-30", "--settings", str(settings)]) == EXIT_REFUSED
    assert "2026-01-29 to 2026-01-31" in " ".join(capsys.readouterr().out.split())


def test_what_no_rule_would_notice_is_in_the_note(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = tmp_path / "own.toml"
    settings.write_text(
        f'[paths]\nwork = "{tmp_path / "work"}"\nlanding = "{tmp_path}"\n[source]\nkind = "native"\n'
        '[landing.events]\nextra_columns = "ignore"\n'
    )
    folder = tmp_path / "events" / "arrival_date=2026-03-01"
    folder.mkdir(parents=True)
    rows = [f"e{n},2026-03-01T12:00:00Z,u,i,purchase,{code}" for n, code in enumerate(["EUR", "USD"])]
    header = "event_id,event_time,user_id,item_id,event_type,Currency"
    (folder / "a.csv").write_text("\n".join([header, *rows, ""]))
    assert main(land.JOB, ["--ds", "2026-03-01", "--settings", str(settings)]) == 0
    assert "events: column Currency holds EUR and USD" in " ".join(capsys.readouterr().out.split())
