"""A real training process for tests of kills and of several ranks: ``python worker.py ORDER.json``.

The order names settings, folders and how many milliseconds an epoch has to last at least.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from causalrec.config import Settings
from causalrec.config.model import TrainingSettings
from causalrec.dataset.arrays import Interactions
from causalrec.training.factory import build_recommender
from causalrec.training.ranks import joined_ranks, launched


def random_shop() -> Interactions:
    """50 users, 30 items, two modalities."""
    rng = np.random.default_rng(0)
    pairs = np.array((rng.random((50, 30)) < 0.25).nonzero(), dtype=np.int32)
    pairs = pairs[:, rng.permutation(pairs.shape[1])]
    content = {name: rng.normal(size=(30, 6)).astype(np.float32) for name in ("image", "text")}
    return Interactions(50, 30, pairs[:, :260], pairs[:, 260:310], pairs[:, 310:], content)


def train(settings: Settings, order: dict[str, str], leads: bool) -> None:
    """Fits and, on the leading rank, writes scores and facts."""

    def epoch_done(epoch: int, metrics: dict[str, float]) -> None:
        time.sleep(float(order.get("pause", 0)))
        with Path(order["log"]).open("a") as log:
            log.write(f"{epoch}\n")

    checkpoints = Path(order["checkpoints"]) if "checkpoints" in order else None
    recommender = build_recommender(settings, checkpoints if leads else None)
    report = recommender.fit(random_shop(), progress=epoch_done if leads else None)
    if leads:
        scores = recommender.score(np.arange(50, dtype=np.int32))
        facts = {"epochs": str(report.epochs), "best_epoch": str(report.best_epoch)}
        losses = np.array([row["loss"] for row in report.history])
        save_file({"scores": np.ascontiguousarray(scores), "losses": losses}, order["out"], facts)


def main(file: str) -> None:
    order = json.loads(Path(file).read_text())
    settings = Settings.model_validate_json(order["settings"])
    if not launched():
        train(settings, order, leads=True)
        return
    training: TrainingSettings = settings.training
    with joined_ranks(training) as ranks:
        if ranks.rank == 1 and order.get("other"):  # another seed on one rank must be noticed
            settings = settings.model_copy(update={"training": training.model_copy(update={"seed": 8})})
        train(settings, order, ranks.leads)


if __name__ == "__main__":
    main(sys.argv[1])
