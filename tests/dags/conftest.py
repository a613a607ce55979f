"""Airflow must find a home of its own before anything imports it."""

import os
import shutil
import tempfile
from pathlib import Path

OWN_HOME = "airflow-home-"
os.environ.setdefault("AIRFLOW_HOME", tempfile.mkdtemp(prefix=OWN_HOME))


def pytest_sessionfinish() -> None:
    """Airflow's own tables of this run."""
    home = Path(os.environ["AIRFLOW_HOME"])
    if home.name.startswith(OWN_HOME):
        shutil.rmtree(home, ignore_errors=True)
