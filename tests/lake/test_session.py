"""The Spark session, and what is said where Java is missing or too old."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from causalrec.config.spark import SparkSettings
from causalrec.errors import SettingsError
from causalrec.lake.session import _prepare_local, require_java, session_conf, spark_session

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def fake_java(folder: Path, version: str) -> None:
    program = folder / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
    program.chmod(0o755)


@pytest.mark.parametrize(("version", "major"), [("17.0.15", 17), ("21", 21)])
def test_new_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, major: int) -> None:
    fake_java(tmp_path, version)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert require_java() == major


@pytest.mark.parametrize("version", ["1.8.0_392", "11.0.2"])
def test_too_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    fake_java(tmp_path, version)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(SettingsError, match=r"Java 17 or newer.*openjdk-17-jre-headless"):
        require_java()


def test_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SettingsError, match=r"Spark needs Java, none found.*apt-get install"):
        require_java()


@pytest.mark.parametrize("master", ["", "local[4]", "local-cluster[2,1,1024]"])
def test_one_machine(master: str) -> None:
    conf = session_conf(SparkSettings(master=master), submitted=False)
    assert conf["spark.master"] == (master or "local[2]")
    assert conf["spark.driver.memory"] == "2g"
    assert conf["spark.sql.shuffle.partitions"] == "4"
    assert conf["spark.driver.bindAddress"] == "127.0.0.1"


def test_another_spark_or_java_has_no_say_on_one_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    foreign = ("SPARK_HOME", "SPARK_SUBMIT_OPTS", "PYSPARK_PYTHON", "HADOOP_HOME", "JDK_JAVA_OPTIONS")
    given = {**dict.fromkeys(foreign, "nonsense"), "SPARK_LOCAL_DIRS": "/scratch", "HOME": "/home/a"}
    monkeypatch.setattr(os, "environ", given)
    _prepare_local()
    assert given == {
        "SPARK_LOCAL_DIRS": "/scratch", "HOME": "/home/a", "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_PYTHON": sys.executable,
    }  # fmt: skip


CLUSTERS_AFFAIR = {
    "spark.master", "spark.driver.memory", "spark.driver.host", "spark.driver.bindAddress",
    "spark.sql.shuffle.partitions", "spark.ui.enabled", "spark.cores.max", "spark.driver.extraJavaOptions",
}  # fmt: skip


def test_what_no_setting_names_is_what_spark_submit_says() -> None:
    conf = session_conf(SparkSettings(java_options="-Xss4m"), submitted=True)
    assert CLUSTERS_AFFAIR.isdisjoint(conf)
    assert conf["spark.sql.session.timeZone"] == "UTC"


@pytest.mark.parametrize("submitted", [True, False])
def test_settings_come_before_the_cluster(submitted: bool) -> None:
    settings = SparkSettings(
        master="spark://a:7077", driver_memory="6g", shuffle_partitions=64, conf={"spark.cores.max": "8"}
    )
    conf = session_conf(settings, submitted=submitted)
    named = {name: conf[name] for name in conf.keys() & CLUSTERS_AFFAIR - {"spark.driver.extraJavaOptions"}}
    assert named == {
        "spark.master": "spark://a:7077",
        "spark.driver.memory": "6g",
        "spark.sql.shuffle.partitions": "64",
        "spark.cores.max": "8",
    }


@pytest.mark.spark
def test_the_session(spark: "SparkSession") -> None:
    assert spark.conf.get("spark.sql.session.timeZone") == "UTC"
    assert spark.conf.get("spark.sql.parquet.outputTimestampType") == "TIMESTAMP_MICROS"
    assert spark.conf.get("spark.driver.bindAddress") == "127.0.0.1"

    def interpreter(batches: object) -> object:
        import pyarrow as pa

        for _ in batches:  # type: ignore[attr-defined]
            yield pa.RecordBatch.from_pydict({"program": [sys.executable]})

    found = spark.range(1).mapInArrow(interpreter, "program string").collect()
    assert found[0]["program"] == sys.executable


@pytest.mark.spark
def test_an_active_session_is_reused_and_left_running(spark: "SparkSession") -> None:
    with spark_session(SparkSettings(), "again") as other:
        assert other is spark
    assert spark.range(3).count() == 3
