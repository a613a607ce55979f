"""Properties and variables of a cluster: private where they hold secrets, and refused in a foreign folder."""

import os
from pathlib import Path

import pytest

from infra.cluster.__main__ import main
from infra.cluster.celery import write_redis
from infra.cluster.layout import Layout
from infra.cluster.spark import write_properties
from infra.cluster.variables import variables


def test_the_secret_of_spark_is_for_its_user_only(tmp_path: Path) -> None:
    layout = Layout(tmp_path, tmp_path / "pg")
    write_properties(layout, "-Xint")
    file = layout.spark_properties
    assert file.stat().st_mode & 0o777 == 0o600
    lines = dict(line.split(" ", 1) for line in file.read_text().splitlines())
    assert lines["spark.authenticate.secret"] == layout.spark_secret
    assert "spark.master" not in lines  # spark-submit names it
    assert layout.spark_secret not in repr(layout)
    assert layout.key not in repr(layout)


def test_stages_are_told_of_every_server_by_their_environment(tmp_path: Path) -> None:
    layout = Layout(tmp_path, tmp_path / "pg")
    told = variables(layout, "s3cret", "admin")
    assert told["CAUSALREC__LAKE__ENDPOINT"] == told["AWS_ENDPOINT_URL"] == f"http://127.0.0.1:{layout.s3}"
    assert told["CAUSALREC__REGISTRY__TRACKING_URI"] == f"http://127.0.0.1:{layout.mlflow}"
    assert f"--master spark://127.0.0.1:{layout.spark} --properties" in told["CAUSALREC_JOB_COMMAND"]
    assert told["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].startswith("postgresql+psycopg://")
    assert len({layout.airflow, layout.mlflow, layout.s3, layout.spark, *layout.spark_workers}) == 6


def test_a_folder_with_something_else_in_it_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "shop" / "lake").mkdir(parents=True)
    settings = tmp_path / "shop.toml"
    settings.write_text(f'[paths]\nwork = "{tmp_path / "shop"}"\n')
    assert main(["--settings", str(settings)]) == 1
    assert "holds something else" in capsys.readouterr().out
    assert os.listdir(tmp_path / "shop") == ["lake"]  # noqa: PTH208


def test_celery_takes_its_tasks_from_a_broker_with_a_password(tmp_path: Path) -> None:
    """Only where it is asked for."""
    layout = Layout(tmp_path, tmp_path / "pg", celery=True)
    told = variables(layout, "s3cret", "admin")
    assert told["AIRFLOW__CORE__EXECUTOR"] == "CeleryExecutor"
    assert f":{layout.redis_secret}@127.0.0.1:{layout.redis}/" in told["AIRFLOW__CELERY__BROKER_URL"]
    assert "AIRFLOW__CORE__EXECUTOR" not in variables(Layout(tmp_path, tmp_path / "pg"), "s3cret", "admin")
    file = write_redis(tmp_path / "redis.conf", 1, "pass")
    assert file.stat().st_mode & 0o777 == 0o600
