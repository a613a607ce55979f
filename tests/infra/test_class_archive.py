"""Spark's classes come from an archive where there is one."""

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from infra.class_archive import ARCHIVE, archived


def test_an_archive_is_added_to_the_options_of_java(tmp_path: Path) -> None:
    archive = tmp_path / "spark.jsa"
    assert archived("-Xss4m", archive) == "-Xss4m"
    archive.touch()
    once = archived("-Xss4m", archive)
    assert once == f"-Xss4m -XX:SharedArchiveFile={archive} -Xlog:cds*=off"
    assert archived(once, archive) == once
    assert archived("", archive) == f"-XX:SharedArchiveFile={archive} -Xlog:cds*=off"


def test_a_path_that_is_not_one_word_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "my shop").mkdir()
    archive = tmp_path / "my shop" / "spark.jsa"
    archive.touch()
    assert archived("-Xss4m", archive) == "-Xss4m"


@pytest.mark.spark
@pytest.mark.skipif(not Path("/proc/self/maps").is_file(), reason="no /proc here")
@pytest.mark.skipif(archived("") == "", reason="this checkout has no archive of Spark's classes")
def test_the_session_of_this_run_starts_from_it(spark: SparkSession) -> None:
    machine = spark.sparkContext._gateway.proc.pid
    assert str(ARCHIVE) in Path(f"/proc/{machine}/maps").read_text()
