"""One registered causal model for the commands that need one: creating an MLflow store takes seconds."""

from dataclasses import dataclass
from pathlib import Path

import mlflow
import pytest
from PIL import Image

from causalrec.config import Settings
from causalrec.dataset.load import load_dataset
from causalrec.lake import Lake
from causalrec.registry.register import register
from causalrec.registry.store import connect, experiment_id
from causalrec.training.factory import build_recommender
from tests.registry.shop import DS, settings_in, write_dataset

EVIL = "<script>alert('x')</script> \"><img src=x onerror=alert(1)>"


@dataclass(frozen=True)
class Registered:
    """A shop whose version 1 is a causal model and challenger; ``file`` names its settings."""

    settings: Settings
    lake: Lake
    file: Path


def _register_beside_raw(settings: Settings, lake: Lake) -> None:
    """A causal model, which carries the tables of a raw one of the same data."""
    client, dataset = connect(settings), load_dataset(settings, lake, DS)
    recommender = build_recommender(settings)
    recommender.fit(dataset.data)
    with mlflow.start_run(experiment_id=experiment_id(client, settings)) as run:
        register(client, settings, dataset, (recommender, recommender), DS, run.info.run_id)


@pytest.fixture(scope="session")
def registered(tmp_path_factory: pytest.TempPathFactory) -> Registered:
    work = tmp_path_factory.mktemp("registered")
    settings = settings_in(work, "causal")
    pictures = Path(settings.image_roots[0])
    pictures.mkdir(parents=True)
    colours = ("teal", "orange", "crimson", "navy", "olive", "plum", "sienna", "gold", "indigo", "salmon")
    for number, colour in enumerate(colours):
        Image.new("RGB", (300, 200), colour).save(pictures / f"{number}.jpg")
    references = {row: f"{row % len(colours)}.jpg" for row in range(40) if row % 7}
    write_dataset(settings, changes={"title": {5: EVIL}, "image_ref": references})
    lake = Lake(settings.lake_root)
    _register_beside_raw(settings, lake)
    file = work / "shop.toml"
    file.write_text(f'[paths]\nwork = "{work}"\n\n[scoring]\nk = 6\n', encoding="utf-8")
    return Registered(settings, lake, file)
