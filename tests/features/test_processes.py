"""Executors in processes of their own, and a night that is killed in the middle and run again."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from causalrec.config.features import ImageSettings
from causalrec.features.encoders.image import image_encoder_id
from causalrec.features.image_embedding import embed_images
from causalrec.features.store import feature_table
from causalrec.lake import Lake, Ledger
from tests.features.shop import shop_settings
from tests.features.worker import DAY, PICTURES, TASKS

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = [pytest.mark.spark, pytest.mark.slow]
ROOT = Path(__file__).parents[2]
ALL = {"images_decoded": PICTURES, "images_cached": 0, "images_failed": 0, "batches_halved": 0, "on_gpu": 0}


def started(work: Path, master: str) -> "subprocess.Popen[str]":
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-m", "tests.features.worker", str(work), master]
    return subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "PYTHONPATH": path}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip


def keys(lake: Lake) -> list[str]:
    table = lake.table(feature_table(image_encoder_id(ImageSettings())))
    return [str(key) for key in table.read(columns=["content_key"])["content_key"].to_pylist()]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The work folder of a run on two executors with a GPU each, as Spark sees it, and what it said."""
    work = tmp_path_factory.mktemp("cluster")
    process = started(work, "local-cluster[2,1,1024]")
    said, _ = process.communicate(timeout=400)
    assert process.returncode == 0
    return work, json.loads(said.splitlines()[-1])


def test_executors_in_their_own_processes_give_every_picture_one_vector(
    cluster: tuple[Path, dict[str, Any]],
) -> None:
    work, said = cluster
    assert said["counters"] == ALL
    found = keys(shop_settings(work)[1])
    assert len(found) == len(set(found)) == PICTURES


def test_spark_gives_each_embedding_task_a_gpu_of_its_own(cluster: tuple[Path, dict[str, Any]]) -> None:
    """On executors without CUDA such a task computes on the CPU; the other stages ask for no GPU."""
    _, said = cluster
    asked = sorted(said["asked"], key=lambda task: task["began"])
    assert len(asked) == TASKS
    assert {task["address"] for task in asked} == {"0", "1"}
    for place, task in enumerate(asked):
        for later in asked[place + 1 :]:
            if later["began"] < task["ended"]:
                assert later["address"] != task["address"]
    assert {task["address"] for task in said["other"]} == {None}


def test_a_killed_run_leaves_nothing_and_the_next_does_the_rest(
    tmp_path: Path, spark: "SparkSession"
) -> None:
    process = started(tmp_path, "local[2]")
    assert process.stdout is not None
    assert "embedding" in process.stdout.readline()
    time.sleep(1.0)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    settings, lake = shop_settings(tmp_path)
    left = len(keys(lake)) if lake.table("image_features").exists() else 0
    assert left in (0, PICTURES)  # one transaction: all of it or nothing
    outcome = embed_images(settings, lake, Ledger(lake), lambda: spark, DAY)
    assert outcome.counters["images_decoded"] == PICTURES - left
    found = keys(lake)
    assert len(found) == len(set(found)) == PICTURES
