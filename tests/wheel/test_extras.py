"""The extras of the wheel, resolved from its metadata and the lock: no network and no installation."""

import email
import tomllib
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from causalrec.registry.reproduction.environment import REQUIREMENTS

PLATFORM = {
    "apache-airflow", "pyspark", "torch", "transformers", "open-clip-torch", "pyarrow", "deltalake", "mlflow",
    "great-expectations",
}  # fmt: skip
Packages = Mapping[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def locked(root: Path) -> Packages:
    """The entries of uv.lock by name; a package with several versions has several."""
    found: dict[str, list[dict[str, Any]]] = {}
    for entry in tomllib.loads((root / "uv.lock").read_text(encoding="utf-8"))["package"]:
        found.setdefault(entry["name"], []).append(entry)
    return found


def pulled(locked: Packages, name: str, *extras: str) -> set[str]:
    """All distributions that ``name[extras]`` brings on any system, itself included."""
    done: set[tuple[str, str]] = set()
    waiting = [(name, extra) for extra in ("", *extras)]
    while waiting:
        one = waiting.pop()
        if one not in done:
            done.add(one)
            waiting += _needs(locked, *one)
    return {name for name, _ in done}


def _needs(locked: Packages, name: str, extra: str) -> Iterator[tuple[str, str]]:
    for entry in locked[name]:
        needs = (
            entry.get("optional-dependencies", {}).get(extra, []) if extra else entry.get("dependencies", [])
        )
        for need in needs:
            yield from ((need["name"], wanted) for wanted in ("", *need.get("extra", ())))


def test_a_served_model_needs_neither_airflow_nor_spark_nor_the_lake(locked: Packages) -> None:
    light = pulled(locked, "causalrec", "predict")
    assert set(REQUIREMENTS) <= light
    assert light & PLATFORM == {"mlflow", "pyarrow", "torch"}
    assert not [name for name in light if name.startswith("apache-airflow")]


def test_a_night_has_the_whole_platform(locked: Packages) -> None:
    assert pulled(locked, "causalrec", "nightly") >= PLATFORM | set(REQUIREMENTS)


def test_a_checkout_has_what_a_night_has(locked: Packages) -> None:
    (project,) = locked["causalrec"]
    (own,) = [one for one in project["dev-dependencies"]["dev"] if one["name"] == "causalrec"]
    assert "nightly" in own["extra"]


def test_a_cluster_has_a_night_and_what_airflow_and_mlflow_need_there(locked: Packages) -> None:
    cluster = pulled(locked, "causalrec", "cluster")
    assert cluster >= pulled(locked, "causalrec", "nightly")
    providers = {"apache-airflow-providers-celery", "apache-airflow-providers-cncf-kubernetes"}
    assert cluster >= {*providers, "asyncpg", "boto3", "celery", "psycopg", "redis", "s3fs"}
    server = pulled(locked, "causalrec", "tracking")
    assert server & PLATFORM == {"mlflow", "pyarrow"}
    assert server >= {"boto3", "psycopg"}


def test_spark_needs_no_airflow(locked: Packages) -> None:
    stages = pulled(locked, "causalrec", "stages")
    assert stages & PLATFORM == PLATFORM - {"apache-airflow"}
    assert not [name for name in stages if name.startswith("apache-airflow")]


def test_celery_is_one_that_the_provider_can_import(locked: Packages) -> None:
    """Version 5.7 has no celery.backends.database.retry; newer providers may not ask for it."""
    (provider,) = locked["apache-airflow-providers-celery"]
    (celery,) = locked["celery"]
    assert (provider["version"], celery["version"] < "5.7") == ("3.26.0", True), (
        "try it, then change this line"
    )


@pytest.mark.parametrize("extra", ["", "predict", "nightly", "cluster"])
def test_the_wheel_says_the_same_as_the_lock(wheel: Path, locked: Packages, extra: str) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = email.message_from_bytes(archive.read(name))
    (project,) = locked["causalrec"]
    wanted = [*project["dependencies"], *project["optional-dependencies"].get(extra, [])]
    assert _said(metadata.get_all("Requires-Dist", []), extra) == {need["name"] for need in wanted}


def _said(lines: list[str], extra: str) -> set[str]:
    """What the metadata asks for with ``extra``; an extra may name another one of the same package."""
    needs = [Requirement(line) for line in lines]
    found = [need for need in needs if need.marker is None or need.marker.evaluate({"extra": extra})]
    own = [name for need in found if need.name == "causalrec" for name in need.extras]
    return {need.name for need in found} - {"causalrec"} | {
        name for other in own for name in _said(lines, other)
    }
