"""A saved model that this code cannot read is refused by name."""

from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.numpy import load_file, save_file

from causalrec.config import Settings
from causalrec.dataset.arrays import Interactions
from causalrec.errors import RegistryError
from causalrec.training.factory import ARRAYS, build_recommender, load_recommender, save_recommender


def test_a_model_of_another_form_is_refused(
    shop: Interactions, quick: Callable[..., Settings], tmp_path: Path
) -> None:
    model = build_recommender(quick("causal", epochs=1))
    model.fit(shop)
    save_recommender(model, tmp_path)
    arrays = load_file(str(tmp_path / ARRAYS))
    dropped = {name: array for name, array in arrays.items() if name != "evidence.widths"}
    assert len(dropped) == len(arrays) - 1
    save_file(dropped, str(tmp_path / ARRAYS))
    with pytest.raises(RegistryError, match=r"holds no readable model .* register the model again"):
        load_recommender(tmp_path)
