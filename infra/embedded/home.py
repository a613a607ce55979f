"""AIRFLOW_HOME of the embedded Airflow: configuration, secrets, log-in, database."""

import base64
import configparser
import hashlib
import json
import os
import secrets
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from causalrec.registry.sqlite import damage
from infra.embedded.errors import EmbeddedError
from infra.embedded.ports import HOST
from infra.embedded.shop import ROOT, Shop

USER = "admin"
LOGIN = "login.json"  # name -> password, of Airflow and of MLflow
PLUGINS = ROOT / "infra" / "airflow" / "plugins"
# seconds that a writer waits for another; SQLite's default of five is short on a busy machine
LOCK_SECONDS = 60
SECRETS = {("core", "fernet_key"): 32, ("api", "secret_key"): 32, ("api_auth", "jwt_secret"): 64}
"""Bytes of each: a Fernet key has 32, and tokens are signed with SHA-512, whose keys should have 64."""


def write_configuration(shop: Shop, port: int, *, follow_schedule: bool) -> str:
    """Writes airflow.cfg (owner-readable only) and returns the password of the log-in.

    Secrets are created once and kept, so that encrypted values and sessions survive a restart.
    """
    home = shop.airflow_home
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o700)
    file = home / "airflow.cfg"
    config = _sections(shop, port, follow_schedule)
    kept = configparser.RawConfigParser()
    kept.read(file)
    for (section, key), size in SECRETS.items():
        config.setdefault(section, {})[key] = kept.get(section, key, fallback="") or _new_secret(size)
    parser = configparser.RawConfigParser()
    parser.read_dict(config)
    with _private(file).open("w", encoding="utf-8") as stream:
        parser.write(stream)
    return _password(home / LOGIN)


def migrate(shop: Shop) -> None:
    """Creates or upgrades the database, unless this Airflow version has done so before.

    Raises:
        EmbeddedError: the database is damaged, or the migration failed; its output is in ``migrate.log``.
    """
    database = shop.airflow_home / "airflow.db"
    made = database.is_file() and database.stat().st_size > 0
    if made and (found := damage(database)):
        raise EmbeddedError(
            f"Airflow's database {database} {found}",
            do="move it away: Airflow then begins without its own history of runs, while tables, models and "
            "the ledger stay, and nothing is computed twice",
        )
    stamp, mark = shop.airflow_home / "migrated", version("apache-airflow")
    if stamp.is_file() and stamp.read_text() == mark and made:
        return
    log = shop.airflow_home / "migrate.log"
    with log.open("w") as stream:
        done = subprocess.run(
            [sys.executable, "-m", "airflow", "db", "migrate"],
            env=shop.environment(), stdout=stream, stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip
    if done.returncode:
        raise EmbeddedError("Airflow's database could not be prepared", do=f"read {log}")
    stamp.write_text(mark)


def dags_digest(shop: Shop) -> str:
    """Digest of everything that determines the parsed DAGs."""
    digest = hashlib.sha256(f"{version('apache-airflow')} {sys.executable} {shop.dags}".encode())
    for file in sorted(shop.dags.rglob("*.py")):
        digest.update(file.read_bytes())
    for name in sorted(name for name in os.environ if name.startswith("CAUSALREC_")):
        digest.update(f"{name}={os.environ[name]}".encode())
    return digest.hexdigest()


def _sections(shop: Shop, port: int, follow_schedule: bool) -> dict[str, dict[str, str]]:
    home, address = shop.airflow_home, f"http://{HOST}:{port}"
    return {
        "core": {
            "dags_folder": str(shop.dags),
            "plugins_folder": str(PLUGINS),
            "executor": "LocalExecutor",
            "parallelism": "4",
            "load_examples": "False",
            "simple_auth_manager_users": f"{USER}:admin",
            "simple_auth_manager_passwords_file": str(home / LOGIN),
            "execution_api_server_url": f"{address}/execution/",
        },
        "database": {"sql_alchemy_conn": f"sqlite:///{home / 'airflow.db'}?timeout={LOCK_SECONDS}"},
        "api": {"host": HOST, "port": str(port), "base_url": address, "workers": "1"},
        "scheduler": {
            "use_job_schedule": str(follow_schedule),
            "scheduler_heartbeat_sec": "5",
            "scheduler_idle_sleep_time": "0.5",  # every loop queries SQLite, even without work
        },
        "workers": {"min_heartbeat_interval": "5", "execution_api_timeout": "60"},
        "dag_processor": {"parsing_processes": "1"},
        "logging": {"base_log_folder": str(home / "logs")},
    }


def _new_secret(size: int) -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(size)).decode()


def _password(file: Path) -> str:
    if file.is_file():
        known: dict[str, str] = json.loads(file.read_text())
        if USER in known:
            file.chmod(0o600)
            return known[USER]
    password = secrets.token_urlsafe(12)
    _private(file).write_text(json.dumps({USER: password}))
    return password


def _private(file: Path) -> Path:
    """``file``, created so that only its owner can ever have opened it."""
    file.touch(mode=0o600)
    file.chmod(0o600)
    return file
