"""A lake for the tests of exports."""

from pathlib import Path

import pytest

from causalrec.lake import Lake


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(str(tmp_path / "lake"))
