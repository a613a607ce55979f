"""Robots in a table in memory: the same users and days as the Spark rule finds."""

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from causalrec.config.dataset import DatasetSettings
from causalrec.dataset.behaviour import robot_days
from causalrec.monitoring.people import without_robots

NIGHT = dt.datetime(2026, 3, 1, 23, 58, tzinfo=dt.UTC)
ARRIVAL = dt.date(2026, 3, 2)


def delivery(rng: np.random.Generator, size: int = 400) -> pa.Table:
    """Events of ten users around midnight, some of them in a hurry."""
    return pa.table(
        {
            "user_id": [f"u{user}" for user in rng.integers(0, 10, size)],
            "event_time": pa.array(
                [NIGHT + dt.timedelta(seconds=int(s)) for s in rng.integers(0, 240, size)],
                pa.timestamp("us", tz="UTC"),
            ),
            "event_type": rng.choice(["impression", "view", "purchase"], size),
            "n": np.arange(size),
        }
    )


@pytest.mark.spark
@pytest.mark.parametrize("limits", [(14, 8), (13, 0), (0, 9)])
def test_the_rule_of_the_interactions(spark: SparkSession, limits: tuple[int, int]) -> None:
    settings = DatasetSettings(max_daily_actions=limits[0], max_minute_actions=limits[1])
    events = delivery(np.random.default_rng(limits[0]))
    frame = spark.createDataFrame(events.to_pandas()).withColumn("arrival_date", F.lit(ARRIVAL))
    robots = {(row["user_id"], row["day"]) for row in robot_days(frame, settings).collect()}
    people = without_robots(events, settings)
    expected = [
        row["n"] for row in events.to_pylist() if (row["user_id"], row["event_time"].date()) not in robots
    ]
    assert robots
    assert sorted(people["n"].to_pylist()) == expected
    assert 0 < people.num_rows < events.num_rows
    assert people.schema == events.schema


def test_without_a_limit_everybody_is_a_person() -> None:
    events = delivery(np.random.default_rng(1))
    assert without_robots(events, DatasetSettings(max_daily_actions=0, max_minute_actions=0)) is events
    assert without_robots(events, DatasetSettings(max_daily_actions=10_000)) is events
    assert without_robots(events.slice(0, 0), DatasetSettings()).num_rows == 0
