"""Codes of a cause that two modalities show; refuter: codes dealt out must say nothing of it."""

import numpy as np
import pytest

from causalrec.config.model import CodebookSettings, ConfounderSettings
from causalrec.lab.studies.codes import adjusted_rand, code_rows
from causalrec.lab.studies.drawn_codes import common_codes


def test_codes_say_the_cause_and_codes_dealt_out_do_not() -> None:
    rng = np.random.default_rng(0)
    cause = (np.arange(400) % 5).astype(np.int32)
    shown = {
        name: (np.eye(5)[cause] @ rng.normal(size=(5, 8)) + 0.2 * rng.normal(size=(400, 8))).astype(
            np.float32
        )
        for name in ("image", "text")
    }
    settings = ConfounderSettings(method="ridge", width=4), CodebookSettings(coarse=5, fine=1)
    rows = {row.kind: row for row in code_rows(shown, cause, settings, 4, 0)}
    assert rows["mean"].ari > 0.9
    assert rows["draws"].ari > 0.8
    assert abs(rows["random"].ari) < 0.05
    assert rows["mean"].items == 80


def test_adjusted_rand_of_partitions_that_are_known() -> None:
    truth = np.array([0, 0, 1, 1], dtype=np.int32)
    assert adjusted_rand(np.array([5, 5, 2, 2], dtype=np.int32), truth) == pytest.approx(1)
    assert adjusted_rand(np.array([0, 1, 0, 1], dtype=np.int32), truth) == pytest.approx(-0.5)


def test_an_item_gets_the_code_that_most_draws_fall_into() -> None:
    coarse = np.array([[1, 0, -1], [1, 2, -1], [0, 2, -1]], dtype=np.int32)
    fine = np.array([[3, 0, -1], [3, 1, -1], [3, 2, -1]], dtype=np.int32)
    (first, second), agreed = common_codes(coarse, fine, 4)
    assert first.tolist() == [1, 2, -1]
    assert second.tolist() == [3, 1, -1]
    assert np.allclose(agreed, [2 / 3, 1 / 3, 0.0])
