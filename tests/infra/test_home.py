"""The written AIRFLOW_HOME: loopback only, secrets private and kept."""

import configparser
import json
import sqlite3
import stat
from base64 import b64decode
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

import pytest

from causalrec.config import Settings, load_settings
from causalrec.errors import SettingsError
from infra.embedded.errors import EmbeddedError
from infra.embedded.home import dags_digest, migrate, write_configuration
from infra.embedded.shop import Shop, open_shop


@pytest.fixture
def shop(tmp_path: Path, root: Path) -> Shop:
    settings: Settings = load_settings(None, {"CAUSALREC__PATHS__WORK": str(tmp_path / "work")})
    return Shop(tmp_path / "settings.toml", settings, None, root / "dags")


def _read(shop: Shop) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser()
    parser.read(shop.airflow_home / "airflow.cfg")
    return parser


def test_servers_listen_on_loopback_only(shop: Shop) -> None:
    write_configuration(shop, 4321, follow_schedule=False)
    config = _read(shop)
    assert config.get("api", "host") == "127.0.0.1"
    assert config.get("api", "port") == "4321"
    assert config.get("core", "execution_api_server_url") == "http://127.0.0.1:4321/execution/"
    assert config.get("core", "load_examples") == "False"
    assert config.get("scheduler", "use_job_schedule") == "False"


def test_secrets_are_private_and_survive_a_restart(shop: Shop) -> None:
    first = write_configuration(shop, 4321, follow_schedule=False)
    before = _read(shop)
    second = write_configuration(shop, 4322, follow_schedule=True)
    after = _read(shop)
    sizes = {("core", "fernet_key"): 32, ("api", "secret_key"): 32, ("api_auth", "jwt_secret"): 64}
    for (section, key), size in sizes.items():
        assert len(b64decode(before.get(section, key), altchars=b"-_")) == size
        assert after.get(section, key) == before.get(section, key)
    assert first == second == json.loads((shop.airflow_home / "login.json").read_text())["admin"]
    assert after.get("scheduler", "use_job_schedule") == "True"
    for name in ("airflow.cfg", "login.json"):
        assert stat.S_IMODE((shop.airflow_home / name).stat().st_mode) == 0o600
    assert stat.S_IMODE(shop.airflow_home.stat().st_mode) == 0o700


def test_two_shops_have_different_passwords(shop: Shop, tmp_path: Path) -> None:
    settings = load_settings(None, {"CAUSALREC__PATHS__WORK": str(tmp_path / "other")})
    other = Shop(shop.settings_file, settings, None)
    assert write_configuration(shop, 1, follow_schedule=False) != write_configuration(
        other, 1, follow_schedule=False
    )


def test_raw_folder_reaches_the_jobs(shop: Shop, tmp_path: Path) -> None:
    with_raw = Shop(shop.settings_file, shop.settings, tmp_path / "raw")
    assert with_raw.environment()["CAUSALREC__SOURCE__RAW"] == str(tmp_path / "raw")
    assert "CAUSALREC__SOURCE__RAW" not in shop.environment()


def test_dags_digest_follows_files_and_settings(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "dags"
    folder.mkdir()
    (folder / "a.py").write_text("1")
    own = Shop(shop.settings_file, shop.settings, None, folder)
    first = dags_digest(own)
    assert dags_digest(own) == first
    (folder / "a.py").write_text("2")
    second = dags_digest(own)
    assert second != first
    (folder / "shared").mkdir()
    (folder / "shared" / "b.py").write_text("1")
    assert dags_digest(own) != second
    (folder / "shared" / "b.py").unlink()
    monkeypatch.setenv("CAUSALREC_JOB_COMMAND", "true")
    assert dags_digest(own) != second


def test_settings_of_another_airflow_stay_out(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "CeleryExecutor")
    monkeypatch.setenv("AIRFLOW_HOME", "/somewhere")
    environment = shop.environment()
    assert "AIRFLOW__CORE__EXECUTOR" not in environment
    assert environment["AIRFLOW_HOME"] == str(shop.airflow_home)


@pytest.mark.parametrize("content", [b"no database at all, but long enough for a header" * 40, b"SQ"])
def test_a_damaged_database_is_named_before_a_server_starts(shop: Shop, content: bytes) -> None:
    """Also where this version of Airflow has migrated it before."""
    shop.airflow_home.mkdir(parents=True)
    (shop.airflow_home / "migrated").write_text(version("apache-airflow"))
    (shop.airflow_home / "airflow.db").write_bytes(content)
    with pytest.raises(EmbeddedError, match=r"airflow\.db is damaged: file is not a database -> move"):
        migrate(shop)


def test_a_sound_database_of_this_version_is_left_alone(shop: Shop) -> None:
    shop.airflow_home.mkdir(parents=True)
    (shop.airflow_home / "migrated").write_text(version("apache-airflow"))
    with closing(sqlite3.connect(shop.airflow_home / "airflow.db")) as database:
        database.execute("CREATE TABLE dag (dag_id TEXT)")
    migrate(shop)
    assert not (shop.airflow_home / "migrate.log").exists()


def test_raw_data_named_as_a_shell_would_read_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "a.toml").write_text("")
    assert open_shop(Path("~/a.toml"), "~/raw").raw == tmp_path.resolve() / "raw"
    with pytest.raises(SettingsError, match="variables are not replaced here"):
        open_shop(tmp_path / "a.toml", "$HOME/raw")
