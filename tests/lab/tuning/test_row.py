"""Which settings a row of the benchmark gets."""

from pathlib import Path

import numpy as np
import pytest

from causalrec.config import Settings
from causalrec.config.bench import Value
from causalrec.dataset.arrays import Interactions
from causalrec.lab.benchmark.contenders import CONTENDERS
from causalrec.lab.tuning import row as tune_row
from causalrec.lab.tuning.search import Tuning

CHANGE: dict[str, Value] = {"model.dim": 32, "model.topology.left_out": 0.2}


@pytest.fixture
def tuned_data(monkeypatch: pytest.MonkeyPatch) -> list[Interactions]:
    """The data that searches were made on."""
    seen: list[Interactions] = []

    def found(data: Interactions, *_: object, **__: object) -> Tuning:
        seen.append(data)
        return Tuning(CHANGE, 0.2, 0.1, "", ())

    monkeypatch.setattr(tune_row, "tune", found)
    return seen


def settings_of(name: str, tmp_path: Path) -> Settings:
    pairs = np.array([[0, 1], [0, 1]], np.int32)
    data = Interactions(2, 2, pairs, pairs, pairs)
    return tune_row.tuned(CONTENDERS[name], Settings(), data, 1.0, tmp_path / "trials.db", lambda _: None)


def test_a_row_takes_what_was_found(tuned_data: list[Interactions], tmp_path: Path) -> None:
    found = settings_of("causal", tmp_path)
    assert (found.model.dim, found.model.topology.left_out) == (32, 0.2)
    assert tuned_data[0].test.shape == (2, 0)  # nobody looks at test


def test_an_ablation_makes_its_one_change_to_the_settings_of_its_parent(
    tuned_data: list[Interactions], tmp_path: Path
) -> None:
    whole, without = settings_of("causal", tmp_path), settings_of("no_topology", tmp_path)
    assert not without.model.topology.enabled
    back = without.model.topology.model_copy(update={"enabled": True})
    assert without.model.model_copy(update={"topology": back}) == whole.model
    assert without.training == whole.training


def test_a_closed_form_has_nothing_to_tune(tuned_data: list[Interactions], tmp_path: Path) -> None:
    assert settings_of("ease", tmp_path) == CONTENDERS["ease"].settings(Settings())
    assert tuned_data == []
