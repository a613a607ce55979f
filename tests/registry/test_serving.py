"""A version by itself: in a process that imports its requirements only, and behind MLflow's server."""

import importlib.metadata
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import mlflow
import pytest
import requests

from causalrec.registry.reproduction.environment import needed
from causalrec.registry.store import connect

from .conftest import BLOCKED, Shop
from .servers import free_port, running
from .shop import ITEMS

CLEAN = """
import importlib.util, json, sys
sys.path.insert(0, sys.argv[1])
import mlflow, pandas
model = mlflow.pyfunc.load_model(sys.argv[2])
frame = model.predict(pandas.DataFrame({"user_id": ["u001", "nobody"]}), params={"k": 3})
import causalrec
others = ("pyspark", "deltalake", "airflow", "rich")
absent = [name for name in others if importlib.util.find_spec(name) is None]
rows = json.loads(frame.to_json(orient="records"))
print(json.dumps({"rows": rows, "code": causalrec.__file__, "absent": absent}))
"""
pytestmark = pytest.mark.slow

DEADLINE = 400.0


@pytest.fixture(scope="module")
def folder(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Version 1 as it is downloaded."""
    connect(shop.settings)
    target = tmp_path_factory.mktemp("version")
    return Path(mlflow.artifacts.download_artifacts(artifact_uri=shop.version.source, dst_path=str(target)))


def only(requirements: Path, site: Path) -> Path:
    """Links to the recorded requirements and to what they need; nothing else."""
    site.mkdir()
    pinned = dict(line.split("==") for line in requirements.read_text().split())
    for name in needed(pinned):
        assert importlib.metadata.version(name) == pinned.get(name, importlib.metadata.version(name))
        distribution = importlib.metadata.distribution(name)
        for top in {file.parts[0] for file in distribution.files or []} - {"..", "__pycache__"}:
            link = site / top
            if not link.exists():
                link.symlink_to(Path(str(distribution.locate_file(top))))
    return site


def test_loads_where_only_its_requirements_can_be_imported(folder: Path, tmp_path: Path) -> None:
    site = only(folder / "requirements.txt", tmp_path / "site")
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", CLEAN, str(site), str(folder)],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    said = json.loads(done.stdout.splitlines()[-1])
    assert Path(said["code"]).is_relative_to(folder / "code")
    assert said["absent"] == ["pyspark", "deltalake", "airflow", "rich"]
    assert [row["rank"] for row in said["rows"]] == [1, 2, 3] * 2
    assert all(row["reason_text"] for row in said["rows"])


def test_served_on_loopback_by_the_command(shop: Shop, tmp_path: Path) -> None:
    """A batch with an unknown user, all items but the blocked one, and requests that are refused."""
    port, file = free_port(), tmp_path / "shop.toml"
    file.write_text(f'[paths]\nwork = "{shop.settings.paths.work}"\n')
    command = ["serve", "--version", shop.version.version, "--settings", str(file)]
    with running(command, port, "/ping", tmp_path / "serve.log", "causalrec") as address:

        def asked(
            users: list[str | None], k: object, column: str = "user_id", **more: object
        ) -> requests.Response:
            frame: Any = {"columns": [column], "data": [[user] for user in users]}
            body = {"dataframe_split": frame, "params": {"k": k, **more}}
            return requests.post(f"{address}/invocations", json=body, timeout=60)

        answer, whole = asked(["u001", "nobody"], 3), asked(["nobody"], ITEMS)
        usual: Any = {"dataframe_split": {"columns": ["user_id"], "data": [["u002"]]}}
        by_default = requests.post(f"{address}/invocations", json=usual, timeout=60)
        refused = [asked(["u001"], 3, "wrong"), asked(["u001", None], 3), asked(["u001"], 0)]
        refused += [asked(["u001"], -1), asked(["u001"], 10**9), asked(["u001"], 3, market="AT")]
    assert answer.ok, answer.text
    rows = answer.json()["predictions"]
    assert [(row["user_id"], row["rank"]) for row in rows] == [
        *(("u001", rank) for rank in (1, 2, 3)), *(("nobody", rank) for rank in (1, 2, 3)),
    ]  # fmt: skip
    assert {row["fallback"] for row in rows if row["user_id"] == "nobody"} == {"cold_user"}
    assert all(row["reason_code"] and row["reason_text"] for row in rows)
    listed = {row["item_id"] for row in whole.json()["predictions"]}
    assert (len(listed), BLOCKED in listed) == (ITEMS - 1, False)
    assert len(by_default.json()["predictions"]) == 5  # the k of the version
    assert [one.status_code for one in refused] == [400] * 6
    for one, said in zip(
        refused,
        ("user_id", "row 1 of 2 has no user id", "k is 0", "k is -1", "k is 1000000000", "knows no markets"),
        strict=True,
    ):
        assert said in one.text
