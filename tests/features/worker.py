"""Embeds the pictures of a small shop in a process of its own: ``worker.py WORK MASTER``.

On a cluster the executors own GPUs, as Spark sees it, and the embedding asks for one per task.
"""

import datetime as dt
import json
import sys
from pathlib import Path

from causalrec.config import Settings
from causalrec.config.spark import SparkSettings
from causalrec.features.image_embedding import embed_images
from causalrec.ingest.images import ingest_images
from causalrec.lake import Ledger
from causalrec.lake.session import spark_session
from tests.features.gpus import gpu_conf, probed
from tests.features.shop import products, shop_settings
from tests.jvm import LIGHT
from tests.pictures.samples import encoded, scene

DAY = dt.date(2026, 3, 1)
PICTURES = 12
TASKS = 6


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(work: Path, master: str) -> None:
    settings, lake = shop_settings(work)
    root = Path(settings.image_roots[0])
    for number in range(PICTURES):
        (root / f"{number}.png").write_bytes(encoded(scene(colour=f"#{20 * number:02x}4080"), "PNG"))
    products(lake, DAY, {f"item{number}": [f"{number}.png"] for number in range(PICTURES)})
    conf = {
        "spark.executorEnv.PYTHONPATH": str(Path(__file__).parents[2]),
        "spark.executor.extraJavaOptions": LIGHT,
    }
    cluster = master.startswith("local-cluster")
    if cluster:
        conf |= gpu_conf(work / "gpus")
        settings = with_features(settings, task_gpus=1.0)
    session = SparkSettings(master=master, shuffle_partitions=2, java_options=LIGHT, conf=conf)
    with spark_session(session, "worker") as spark:
        ledger = Ledger(lake)
        ingest_images(settings, lake, ledger, lambda: spark, DAY)
        say("embedding")
        outcome = embed_images(settings, lake, ledger, lambda: spark, DAY)
        found: dict[str, object] = {"counters": dict(outcome.counters)}
        if cluster:
            found |= {"asked": probed(spark, 1.0, TASKS), "other": probed(spark, 0.0, TASKS)}
    say(json.dumps(found))


def with_features(settings: Settings, **change: object) -> Settings:
    features = settings.features.model_copy(update=change)
    return settings.model_copy(update={"features": features})


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
