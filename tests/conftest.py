"""Fixtures that the suite shares: one Spark session, the repository root, the real data where it lies."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from causalrec.config.sections import SparkSettings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository root."""
    return ROOT


@pytest.fixture(scope="session")
def spark() -> "Iterator[SparkSession]":
    """The one Spark session of the run, from the helper that jobs use."""
    from causalrec.lake.session import spark_session

    settings = SparkSettings(
        master="local[2]", shuffle_partitions=2, java_options="-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
    )
    with spark_session(settings, "tests") as session:
        yield session


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the real sample data; tests that need it are skipped where it is absent."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no sample data at {folder}")
    return folder
