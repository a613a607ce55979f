"""Worth of modules: measured by one change each, and acted on."""

from dataclasses import replace

import numpy as np
import pytest

from causalrec.model.base import ServingTables
from causalrec.training.graph_worth import GRAPH_MODULES, present_modules
from causalrec.training.worth import MODULES, NEEDED, chosen_modules, measured
from tests.model.causal.response.conftest import with_looks
from tests.model.conftest import make_toy, small_settings

SHORT: dict[str, object] = {"worth_share": 0.1, "worth_sweeps": 20}


def test_every_module_has_a_row_and_a_module_that_clearly_harms_is_left_out() -> None:
    data, settings = with_looks(make_toy()), small_settings("causal", training=SHORT)
    rng = np.random.default_rng(3)
    noise = {
        name: rng.normal(size=values.shape).astype(np.float32) for name, values in data.modalities.items()
    }
    found, rows = chosen_modules(settings, replace(data, modalities=noise))
    assert [row.module for row in rows] == list(MODULES)
    for row in rows:
        assert row.low <= row.gain <= row.high
        assert row.measured_on == "validation"
        assert getattr(found.model.response, MODULES[row.module]) == row.kept
        assert row.kept == (row.high >= 0 or row.module in NEEDED)


def test_a_module_that_is_off_comes_in_only_if_its_whole_interval_gains() -> None:
    data = with_looks(make_toy())
    response: dict[str, object] = {"sweeps": 60, "dim": 4, "examination": False, "depths": False}
    settings = small_settings("causal", training=SHORT, model={"response": response})
    fits: dict[str, ServingTables] = {}
    _, rows = chosen_modules(settings, data, fits.__setitem__)
    assert list(fits)[-1] == "with examination"
    for row in rows:
        if MODULES[row.module] in response:
            assert row.kept == (row.low > 0)


def test_whoever_asks_is_given_every_fit_by_what_it_changes() -> None:
    data, settings = with_looks(make_toy()), small_settings("causal", training=SHORT)
    fits: dict[str, ServingTables] = {}
    _, rows = chosen_modules(settings, data, fits.__setitem__)
    assert list(fits) == [
        "ours, 20 sweeps", "without content prior", "without demand of brand, category and codes",
        "without depth of responses", "without accidents", "without examination",
    ]  # fmt: skip
    assert [f"without {row.module}" for row in rows] == list(fits)[1:]
    whole = fits["ours, 20 sweeps"].users
    for label in ("without content prior", "without depth of responses", "without accidents"):
        assert not np.array_equal(fits[label].users, whole)


def test_where_nothing_can_be_measured_nothing_changes() -> None:
    data, settings = with_looks(make_toy()), small_settings("causal", training=SHORT)
    none = np.empty((2, 0), dtype=np.int32)
    assert chosen_modules(settings, replace(data, valid=none)) == (settings, ())
    assert chosen_modules(settings, replace(data, looks=None, valid=none)) == (settings, ())
    off = small_settings("causal", training={"worth_share": 0})
    assert chosen_modules(off, data) == (off, ())


def test_where_only_pairs_are_known_the_modules_of_the_encoder_are_measured() -> None:
    data, settings = make_toy(), small_settings("causal", training={"worth_share": 1.0})
    fits: dict[str, ServingTables] = {}
    found, rows = chosen_modules(settings, data, fits.__setitem__)
    assert list(fits) == [
        "ours, at most 5 epochs", "without back-door sum over codes", "without edge weights by evidence",
        "without dictionary read-out",
    ]  # fmt: skip
    assert [row.module for row in rows] == list(GRAPH_MODULES)
    assert all(row.kept == (row.gain > 0) and row.low <= row.gain <= row.high for row in rows)
    kept = {GRAPH_MODULES[row.module]: row.kept for row in rows}
    assert found.model.topology.enabled == kept["model.topology.enabled"]
    assert found.model.frontdoor.enabled == kept["model.frontdoor.enabled"]
    assert found.training == settings.training
    assert found.model.confounder == settings.model.confounder
    bare = present_modules(settings, make_toy(0))
    assert "back-door sum over codes" not in bare


def test_random_exposure_is_asked_first() -> None:
    data = make_toy()
    users, items = (part.ravel() for part in np.indices((data.n_users, data.n_items)))
    liked = (users % 3 == items % 3).astype(np.float32)
    shown = replace(data, random_exposure=np.stack([users, items, liked]).astype(np.float32))

    def truth(asked: np.ndarray) -> np.ndarray:
        found: np.ndarray = (asked[:, None] % 3 == np.arange(data.n_items)[None] % 3).astype(np.float32)
        return found

    values, metric, where = measured(truth, shown)
    assert (metric, where) == ("auc", "uniform exposure")
    assert values.size == data.n_users
    assert values.mean() == pytest.approx(1.0)
