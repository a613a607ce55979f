"""A lake in the test's own folder."""

from collections.abc import Callable
from pathlib import Path

import pytest

from causalrec.config.lake import LakeSettings
from causalrec.lake import Lake, LakeTable

from .tables import CONTRACTS


@pytest.fixture
def make_lake(tmp_path: Path) -> Callable[..., Lake]:
    """A lake in the test's own folder, with the given settings."""

    def make(**settings: float) -> Lake:
        return Lake(str(tmp_path / "lake"), LakeSettings.model_validate(settings), CONTRACTS.__getitem__)

    return make


@pytest.fixture
def lake(make_lake: Callable[..., Lake]) -> Lake:
    """A lake with default settings."""
    return make_lake()


@pytest.fixture
def sales(lake: Lake) -> LakeTable:
    """The table of all column types, partitioned by ds, replaced."""
    return lake.table("sales")
