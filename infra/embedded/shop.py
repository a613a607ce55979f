"""The shop to run, and the paths of its files."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from causalrec.config import Settings, load_settings, written_path
from infra.class_archive import archived

ROOT = Path(__file__).resolve().parents[2]
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Shop:
    """One shop on this machine.

    Attributes:
        settings_file: its TOML file.
        settings: the settings read from it.
        raw: folder of raw data to convert from another layout, or None.
        dags: folder that Airflow reads.
        variables: further ones of every process.
    """

    settings_file: Path
    settings: Settings
    raw: Path | None
    dags: Path = ROOT / "dags"
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def work(self) -> Path:
        """The shop's work folder."""
        return (ROOT / self.settings.paths.work).resolve()

    def keep_private(self) -> None:
        """Makes the work folder, and whatever this process and its children write, private to the user."""
        os.umask(0o077)
        self.work.mkdir(parents=True, exist_ok=True)
        if self.work.stat().st_uid == os.getuid():
            self.work.chmod(0o700)

    @property
    def airflow_home(self) -> Path:
        """Configuration, database and logs of the shop's Airflow."""
        return self.work / "airflow"

    def environment(self) -> dict[str, str]:
        """Environment of every process started for this shop, without settings of another Airflow."""
        own = {
            "AIRFLOW_HOME": str(self.airflow_home),
            "CAUSALREC_SETTINGS": str(self.settings_file),
            "CAUSALREC__SPARK__JAVA_OPTIONS": archived(self.settings.spark.java_options),
            "COLUMNS": "120",
            "GX_ANALYTICS_ENABLED": "false",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            # avoids six idle consumers of MLflow's own job queue
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            # packages of another environment would take precedence over the locked ones
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
        }
        if self.raw is not None:
            own["CAUSALREC__SOURCE__RAW"] = str(self.raw)
        retries = {"CAUSALREC_TASK_RETRIES": "1", "CAUSALREC_RETRY_SECONDS": "5"}
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
        return {**retries, **inherited, **own, **_past_proxies(inherited), **self.variables}


def _past_proxies(environment: Mapping[str, str]) -> dict[str, str]:
    """Never use a proxy for servers on this machine."""
    given = environment.get("NO_PROXY") or environment.get("no_proxy") or ""
    names = [name for name in map(str.strip, given.split(",")) if name]
    value = ",".join(dict.fromkeys([*names, *LOOPBACK]))
    return {"NO_PROXY": value, "no_proxy": value}


def open_shop(settings_file: Path, raw: str | None) -> Shop:
    """Reads the settings; a relative ``raw`` is resolved against the current folder."""
    folder = written_path(raw).resolve() if raw else None
    return Shop(written_path(settings_file).resolve(), load_settings(settings_file, os.environ), folder)
