"""Which shop is run, and where its files lie."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from causalrec.config import Settings, load_settings

ROOT = Path(__file__).resolve().parents[2]
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Shop:
    """One shop on this machine.

    Attributes:
        settings_file: its TOML file.
        settings: the same, read.
        raw: folder of raw data in another layout to convert, or None.
        dags: folder that Airflow reads.
    """

    settings_file: Path
    settings: Settings
    raw: Path | None
    dags: Path = ROOT / "dags"

    @property
    def work(self) -> Path:
        """The shop's work folder."""
        return (ROOT / self.settings.paths.work).resolve()

    def keep_private(self) -> None:
        """The work folder, and whatever this process and its children write, is for the user alone."""
        os.umask(0o077)
        self.work.mkdir(parents=True, exist_ok=True)
        if self.work.stat().st_uid == os.getuid():
            self.work.chmod(0o700)

    @property
    def airflow_home(self) -> Path:
        """Configuration, database and logs of the shop's Airflow."""
        return self.work / "airflow"

    def environment(self) -> dict[str, str]:
        """Variables of every process that is started for this shop; settings of another Airflow stay out."""
        own = {
            "AIRFLOW_HOME": str(self.airflow_home),
            "CAUSALREC_SETTINGS": str(self.settings_file),
            "COLUMNS": "120",
            "GX_ANALYTICS_ENABLED": "false",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # six idle consumers of MLflow's own job queue
            "PYTHONPATH": str(ROOT),  # packages of another environment would stand before the locked ones
            "PYTHONUNBUFFERED": "1",
        }
        if self.raw is not None:
            own["CAUSALREC__SOURCE__RAW"] = str(self.raw)
        retries = {"CAUSALREC_TASK_RETRIES": "1", "CAUSALREC_RETRY_SECONDS": "5"}
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
        return {**retries, **inherited, **own, **_past_proxies(inherited)}


def _past_proxies(environment: Mapping[str, str]) -> dict[str, str]:
    """Servers of this machine are never asked for through a proxy."""
    given = environment.get("NO_PROXY") or environment.get("no_proxy") or ""
    names = [name for name in map(str.strip, given.split(",")) if name]
    value = ",".join(dict.fromkeys([*names, *LOOPBACK]))
    return {"NO_PROXY": value, "no_proxy": value}


def open_shop(settings_file: Path, raw: str | None) -> Shop:
    """Reads the settings; a relative ``raw`` is resolved against the current folder."""
    folder = Path(raw).expanduser().resolve() if raw else None
    return Shop(settings_file.resolve(), load_settings(settings_file, os.environ), folder)
