"""The Dockerfile: one image per role, from the lock, without root, as compose file and chart ask for it."""

import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from tests.infra.images.dockerfile import FILE, Stage, lineage, stages
from tests.wheel.conftest import uv_of

ROLES = ("airflow", "spark", "train-gpu", "mlflow")


@pytest.fixture(params=ROLES)
def role(request: pytest.FixtureRequest) -> Stage:
    """The last stage of an image."""
    return stages()[request.param]


def test_a_linter_has_no_complaint(root: Path) -> None:
    program = shutil.which("hadolint", path=str(Path(sys.executable).parent)) or shutil.which("hadolint")
    if program is None:
        pytest.skip("no hadolint for this platform")
    # DL3008: Debian keeps only its newest packages, so pinned ones cannot be installed a month later
    done = subprocess.run([program, "--ignore", "DL3008", str(FILE)], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_every_role_is_a_target_of_chart_and_compose(root: Path) -> None:
    values = yaml.safe_load((root / "infra/helm/causalrec/values.yaml").read_text())["images"]
    helm = {
        image["repository"].removeprefix("causalrec-") for image in values.values() if isinstance(image, dict)
    }
    compose = yaml.safe_load((root / "infra/compose/compose.yaml").read_text())
    built = {one["build"]["target"] for one in compose["services"].values() if "build" in one}
    assert helm == set(ROLES)
    assert built == {"airflow", "spark", "mlflow"}
    assert set(ROLES) <= set(stages())


def test_no_role_runs_as_root(role: Stage) -> None:
    assert role.all("USER") == ["50000"]  # a number: Kubernetes cannot tell what a name means
    assert [user for stage in lineage(role) for user in stage.all("USER")] == ["50000"]


def test_every_source_of_a_copy_exists(root: Path) -> None:
    ignored = (root / ".dockerignore").read_text().split()
    known: set[str] = set()
    for stage in stages().values():
        for copy in stage.all("COPY"):
            options = [word for word in copy.split() if word.startswith("--")]
            *sources, _ = [word for word in copy.split() if not word.startswith("--")]
            if options:
                assert options[0].removeprefix("--from=") in known
                continue
            for source in sources:
                assert (root / source).exists(), source
                assert source not in ignored
        known.add(stage.name)


def test_what_the_wheel_has_is_in_the_images(root: Path) -> None:
    copied = {copy.split()[0] for copy in stages()["project"].all("COPY")}
    wheel = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert copied == {*wheel["packages"], *wheel["force-include"]}


def test_packages_come_from_the_lock_with_extras_that_exist(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    for name in ("airflow-packages", "spark-packages", "mlflow-packages"):
        run = stages()[name].all("RUN")[0]
        sync, export = (shlex.split(part) for part in run.split("&&"))
        extras = [value for option, value in pairwise(sync) if option == "--extra"]
        assert extras
        assert set(extras) <= set(project["optional-dependencies"])
        assert extras == [v for option, v in pairwise(export) if option == "--extra"]
        assert "--frozen" in sync
        assert "--frozen" in export


def test_the_bill_of_materials_names_what_the_server_has(root: Path, tmp_path: Path) -> None:
    """As the image makes it, without a network."""
    (run,) = stages()["mlflow-packages"].all("RUN")
    command = shlex.split(run.split("&&")[1])
    command[command.index("--output-file") + 1] = str(tmp_path / "sbom.json")
    done = subprocess.run(
        [uv_of(root), *command[1:], "--offline"], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    listed = json.loads((tmp_path / "sbom.json").read_text())
    assert listed["bomFormat"] == "CycloneDX"
    names = {one["name"] for one in listed["components"]}
    assert {"mlflow", "psycopg", "boto3"} <= names
    assert not names & {"torch", "pyspark", "apache-airflow"}


def test_only_roles_that_start_spark_have_java() -> None:
    has = {
        name: any("openjdk" in run for one in lineage(stages()[name]) for run in one.all("RUN"))
        for name in ROLES
    }
    assert has == {"airflow": True, "spark": True, "train-gpu": False, "mlflow": False}


def test_every_argument_has_a_default_and_the_base_is_one() -> None:
    head = FILE.read_text()
    assert re.search(r"^ARG BASE=\S+$", head, re.MULTILINE)
    assert {stage.base for stage in stages().values()} - set(stages()) == {"${BASE}"}


def test_the_version_is_the_one_of_the_package(root: Path) -> None:
    from causalrec import __version__

    (label,) = stages()["runtime"].all("LABEL")
    assert f"org.opencontainers.image.version={__version__}" in label
    chart = yaml.safe_load((root / "infra/helm/causalrec/Chart.yaml").read_text())
    assert chart["appVersion"] == __version__
    values = yaml.safe_load((root / "infra/helm/causalrec/values.yaml").read_text())["images"]
    assert {image["tag"] for image in values.values() if isinstance(image, dict)} == {__version__}
    compose = (root / "infra/compose/compose.yaml").read_text()
    assert set(re.findall(r"image: causalrec-[a-z]+:(\S+)", compose)) == {__version__}
