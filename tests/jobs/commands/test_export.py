"""``causalrec export`` from the command line: one table at the end, no credentials anywhere."""

from pathlib import Path

import pytest

from causalrec.config import load_settings
from causalrec.errors import SettingsError
from causalrec.lake import Lake, Ledger
from jobs._stage.runner import main as run_stage
from jobs.cli import main
from jobs.export import JOB
from tests.scoring.export.nights import DS, NEXT, publish_night


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    lake = Lake(str(tmp_path / "lake"))
    publish_night(lake, DS)
    file = tmp_path / "shop.toml"
    file.write_text(f'[paths]\nwork = "{tmp_path}"\n', encoding="utf-8")
    return file


def test_the_newest_night_to_what_is_configured(
    shop: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert main(["export", "--settings", str(shop)]) == 0
    shown = capsys.readouterr().out
    assert "export of 2026-03-01" in shown
    assert "120" in shown
    assert (shop.parent / "exports" / "recommendations" / "2026-03-01.parquet").is_file()
    assert main(["export", "--settings", str(shop), "--to", "redis"]) == 1
    assert "CAUSALREC__EXPORT__REDIS__URL" in " ".join(capsys.readouterr().out.split())


def test_a_store_that_fails_does_not_stop_the_others(
    shop: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("CAUSALREC__EXPORT__POSTGRES__URL", "postgresql://shop@127.0.0.1:1/shop")
    monkeypatch.setenv("CAUSALREC_POSTGRES_PASSWORD", "s3cret")
    assert main(["export", "--settings", str(shop), "--to", "postgres", "--to", "parquet"]) == 1
    shown = capsys.readouterr().out
    assert "failed" in shown
    assert "recommendations/2026-03-01.parquet" in shown
    assert "s3cret" not in shown


@pytest.mark.parametrize("url", ["postgresql://u:pw0rd@h/d", "postgresql://h/d?user=u&password=pw0rd"])
def test_a_password_in_the_settings_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(SettingsError, match="password_env") as caught:
        load_settings(None, {"CAUSALREC__EXPORT__POSTGRES__URL": url})
    assert "pw0rd" not in str(caught.value)


def test_the_stage_exports_the_newest_night_whatever_its_date_is(
    shop: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lists that a backfill has published must not take the place of newer ones."""
    monkeypatch.setenv("COLUMNS", "200")
    publish_night(Lake(str(shop.parent / "lake")), NEXT)
    arguments = ["--ds", "2026-03-01", "--settings", str(shop)]
    assert run_stage(JOB, arguments) == 0
    assert "2026-03-02 is the newest published night: that one was exported" in capsys.readouterr().out
    exported = shop.parent / "exports" / "recommendations" / "2026-03-02.parquet"
    exported.unlink()  # a store that lost what it held: the stage looks every time
    assert run_stage(JOB, arguments) == 0
    assert exported.is_file()
    rows = Ledger(Lake(str(shop.parent / "lake"))).rows(DS, "export")
    assert [(row.status, row.rows_out, len(row.reads)) for row in rows] == [("success", 124, 3)] * 2


def test_a_store_that_fails_fails_the_stage_after_the_others(
    shop: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAUSALREC__EXPORT__POSTGRES__URL", "postgresql://shop@127.0.0.1:1/shop")
    assert run_stage(JOB, ["--ds", "2026-03-01", "--settings", str(shop)]) == 1  # worth another try
    assert "postgres" in capsys.readouterr().out.splitlines()[-1]
    assert (shop.parent / "exports" / "recommendations" / "2026-03-01.parquet").is_file()
