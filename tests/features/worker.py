"""Embeds the pictures of a small shop in a process of its own: ``worker.py WORK MASTER``."""

import datetime as dt
import json
import sys
from pathlib import Path

from causalrec.config.sections import SparkSettings
from causalrec.features.image_embedding import embed_images
from causalrec.ingest.images import ingest_images
from causalrec.lake import Ledger
from causalrec.lake.session import spark_session
from tests.features.shop import products, shop_settings
from tests.pictures import encoded, scene

DAY = dt.date(2026, 3, 1)
PICTURES = 12


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(work: Path, master: str) -> None:
    settings, lake = shop_settings(work)
    root = Path(settings.image_roots[0])
    for number in range(PICTURES):
        (root / f"{number}.png").write_bytes(encoded(scene(colour=f"#{20 * number:02x}4080"), "PNG"))
    products(lake, DAY, {f"item{number}": [f"{number}.png"] for number in range(PICTURES)})
    conf = {"spark.executorEnv.PYTHONPATH": str(Path(__file__).parents[2])}
    with spark_session(SparkSettings(master=master, shuffle_partitions=2, conf=conf), "worker") as spark:
        ledger = Ledger(lake)
        ingest_images(settings, lake, ledger, lambda: spark, DAY)
        say("embedding")
        outcome = embed_images(settings, lake, ledger, lambda: spark, DAY)
    say(json.dumps(dict(outcome.counters)))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
