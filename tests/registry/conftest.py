"""One trained, registered challenger per file of tests: creating an MLflow store takes seconds."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from causalrec.config import Settings
from causalrec.lake import Lake, Ledger
from causalrec.lake.outcome import Outcome
from causalrec.registry.store import connect
from causalrec.registry.train import train_and_log
from causalrec.registry.versions import ModelVersion, need

from .packages import write_packages
from .shop import DS, settings_in, write_dataset

BLOCKED = "i004"  # stands in no list of the shop


@dataclass(frozen=True)
class Shop:
    """A work folder with a dataset and a challenger."""

    settings: Settings
    lake: Lake
    ledger: Ledger
    dataset_id: str
    trained: Outcome
    version: ModelVersion
    epochs: list[int]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Version 1 (EASE) is challenger; nobody is champion."""
    work: Path = tmp_path_factory.mktemp("registry")
    settings = settings_in(work)
    rules = settings.scoring.model_copy(update={"blocked_items": (BLOCKED,)})
    settings = settings.model_copy(update={"scoring": rules})
    dataset_id = write_dataset(settings)
    lake = Lake(settings.lake_root)
    ledger = Ledger(lake)
    epochs: list[int] = []
    trained = train_and_log(settings, lake, ledger, DS, lambda epoch, metrics: epochs.append(epoch))
    version = need(connect(settings), settings, "challenger")
    return Shop(settings, lake, ledger, dataset_id, trained, version, epochs)


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Packages by name, see :mod:`tests.registry.packages`."""
    return write_packages(tmp_path_factory.mktemp("packages"))
