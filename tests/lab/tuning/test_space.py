"""What tuning tries, for every model: settings that exist, and values that they accept."""

from dataclasses import replace
from typing import get_args

import pytest

from causalrec.config import Settings
from causalrec.config.model import ModelName
from causalrec.lab.tuning.search import choices
from tests.model.causal.response.conftest import with_looks
from tests.model.conftest import make_toy


@pytest.mark.parametrize("looks", [True, False])
@pytest.mark.parametrize("name", get_args(ModelName))
def test_every_value_is_one_that_its_setting_accepts(name: str, looks: bool) -> None:
    base = Settings.model_validate({"model": {"name": name}})
    data = with_looks(make_toy(users=6, items=8))
    found = choices(base, data if looks else replace(data, looks=None))
    for path, values in found.items():
        for value in values:
            tree: object = value
            for key in reversed(path.split(".")):
                tree = {key: tree}
            Settings.model_validate(tree)
