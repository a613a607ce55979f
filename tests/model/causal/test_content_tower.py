"""Content through a hidden layer: the columns it reads, and what is missing."""

import numpy as np
import pytest
import torch

from causalrec.model.causal.content_tower import ContentTower, tower_columns
from causalrec.model.content import fit_content, read_content


def test_columns_are_the_standardised_ones_where_no_direction_is_cut() -> None:
    rng = np.random.default_rng(0)
    values = {
        name: rng.standard_normal((40, width)).astype(np.float32) for name, width in (("a", 5), ("b", 3))
    }
    whitenings = fit_content(values, 8)
    found = tower_columns(read_content(whitenings, values, 40), whitenings)
    expected = np.concatenate([(v - v.mean(axis=0)) / v.std(axis=0) for v in values.values()], axis=1)
    assert found == pytest.approx(expected, abs=1e-4)


def test_an_item_without_content_has_no_state() -> None:
    torch.manual_seed(0)
    columns = torch.tensor([[1.0, -1.0], [0.0, 0.0]])
    states = ContentTower(2, 4, 3)(columns)
    assert states[1].tolist() == [0.0, 0.0, 0.0]
    assert states[0].abs().sum() > 0
