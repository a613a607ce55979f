"""DAG files in a folder that holds nothing else, as in a managed Airflow or a DAG bundle."""

import json
import shutil
from pathlib import Path

import pytest

from tests.wheel.conftest import Installed

LOAD = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(sys.argv[1])
tasks = bag.dags["nightly"].tasks if bag.dags else []
commands = {task.task_id: [task.bash_command, task.cwd] for task in tasks}
print(json.dumps([sorted(bag.dags), {str(k): str(v) for k, v in bag.import_errors.items()}, commands]))
"""


@pytest.mark.airflow
@pytest.mark.parametrize("below", ["", "shops/recommendations"], ids=["folder", "subfolder"])
def test_dags_load_where_only_their_folder_is(
    root: Path, installed: Installed, tmp_path: Path, below: str
) -> None:
    shutil.copytree(root / "dags", tmp_path / "bundle" / below, ignore=shutil.ignore_patterns("__pycache__"))
    done = installed.run(
        "python", "-c", LOAD, str(tmp_path / "bundle"),
        AIRFLOW_HOME=str(tmp_path / "airflow"), AIRFLOW__CORE__LOAD_EXAMPLES="False",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    dags, errors, commands = json.loads(done.stdout.splitlines()[-1])
    assert errors == {}
    assert dags == ["exports", "maintenance", "nightly", "training"]
    command, folder = commands["score"]
    assert command.startswith(f"exec {installed.python} -m causalrec.jobs.score --ds ")
    assert folder == str(tmp_path / "airflow")  # no checkout here: what is relative begins at Airflow's home
