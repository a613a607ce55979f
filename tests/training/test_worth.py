"""Worth of modules: measured by one change each, and acted on."""

from dataclasses import replace

import numpy as np
import pytest

from causalrec.config import Settings
from causalrec.dataset.arrays import Interactions
from causalrec.metrics.bootstrap import PairedTest
from causalrec.model.base import FitReport, Recommender, ServingTables
from causalrec.training.factory import build_recommender
from causalrec.training.graph_worth import GRAPH_MODULES, present_modules
from causalrec.training.judged import Judged, fit_judged
from causalrec.training.worth import MODULES, NEEDED, Keep, measured, with_response
from tests.model.causal.response.conftest import with_looks
from tests.model.conftest import make_toy, small_settings

SHORT: dict[str, object] = {"worth_share": 0.1, "worth_sweeps": 20}


def fitted(settings: Settings, data: Interactions, keep: Keep | None = None) -> tuple[Judged, list[Settings]]:
    """The judged fit, and the settings of every whole fit that it took."""
    asked = []

    def fit(chosen: Settings) -> tuple[Recommender, FitReport]:
        asked.append(chosen)
        model = build_recommender(chosen)
        return model, model.fit(data)

    return fit_judged(settings, data, fit, keep), asked


def test_every_module_has_a_row_and_a_module_that_clearly_harms_is_left_out() -> None:
    data, settings = with_looks(make_toy()), small_settings("causal", training=SHORT)
    rng = np.random.default_rng(3)
    noise = {
        name: rng.normal(size=values.shape).astype(np.float32) for name, values in data.modalities.items()
    }
    found, _ = fitted(settings, replace(data, modalities=noise))
    assert [row.module for row in found.worth] == list(MODULES)
    for row in found.worth:
        assert row.low <= row.gain <= row.high
        assert row.measured_on == "validation"
        assert getattr(found.settings.model.response, MODULES[row.module]) == row.kept
        assert row.kept == (row.high >= 0 or row.module in NEEDED)


def test_a_fit_that_keeps_its_modules_is_the_one_that_is_judged() -> None:
    data, settings = with_looks(make_toy()), small_settings("causal", training=SHORT)
    found, asked = fitted(settings, data)
    kept = {MODULES[row.module]: row.kept for row in found.worth}
    assert asked == [settings] if all(kept.values()) else asked == [settings, with_response(settings, **kept)]
    alone = build_recommender(found.settings)
    alone.fit(data)
    tables, own = alone.serving_tables(), found.recommender.serving_tables()
    assert tables is not None
    assert own is not None
    assert np.array_equal(own.users, tables.users)


def test_a_module_that_harms_costs_another_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("causalrec.training.worth.paired_test", lambda *_: PairedTest(-0.2, -0.3, -0.1, 0.01))
    data, settings = with_looks(make_toy()), small_settings("causal", training=SHORT)
    found, asked = fitted(settings, data)
    off = {switch: module in NEEDED for module, switch in MODULES.items()}
    assert asked == [settings, with_response(settings, **off)]
    assert found.settings == asked[-1]


def test_a_module_that_is_off_comes_in_only_if_its_whole_interval_gains() -> None:
    data = with_looks(make_toy())
    response: dict[str, object] = {"sweeps": 60, "dim": 4, "examination": False, "depths": False}
    settings = small_settings("causal", training=SHORT, model={"response": response})
    fits: dict[str, ServingTables] = {}
    found, _ = fitted(settings, data, fits.__setitem__)
    assert list(fits)[-1] == "with examination"
    for row in found.worth:
        if MODULES[row.module] in response:
            assert row.kept == (row.low > 0)


def test_content_that_was_off_is_read_anew_to_see_what_it_adds() -> None:
    data = with_looks(make_toy())
    settings = small_settings(
        "causal", training=SHORT, model={"response": {"sweeps": 60, "dim": 4, "content": False}}
    )
    fits: dict[str, ServingTables] = {}
    fitted(settings, data, fits.__setitem__)
    assert not np.array_equal(fits["with content prior"].items, fits["ours, 20 more sweeps"].items)


def test_whoever_asks_is_given_every_fit_by_what_it_changes() -> None:
    data, settings = with_looks(make_toy()), small_settings("causal", training=SHORT)
    fits: dict[str, ServingTables] = {}
    found, _ = fitted(settings, data, fits.__setitem__)
    assert list(fits) == [
        "ours, 20 more sweeps", "without content prior", "without demand of brand, category and codes",
        "without depth of responses", "without accidents", "without examination",
    ]  # fmt: skip
    assert [f"without {row.module}" for row in found.worth] == list(fits)[1:]
    whole = fits["ours, 20 more sweeps"].users
    for label in ("without content prior", "without depth of responses", "without accidents"):
        assert not np.array_equal(fits[label].users, whole)


def test_where_nothing_can_be_measured_nothing_changes() -> None:
    data, settings = with_looks(make_toy()), small_settings("causal", training=SHORT)
    none = np.empty((2, 0), dtype=np.int32)
    off = small_settings("causal", training={"worth_share": 0})
    cases = [
        (settings, replace(data, valid=none)), (settings, replace(data, looks=None, valid=none)), (off, data)
    ]  # fmt: skip
    for given, shown in cases:
        found, asked = fitted(given, shown)
        assert (found.settings, found.worth, asked) == (given, (), [given])


def test_where_only_pairs_are_known_the_modules_of_the_encoder_are_measured() -> None:
    data, settings = make_toy(), small_settings("causal", training={"worth_share": 1.0})
    fits: dict[str, ServingTables] = {}
    judged, _ = fitted(settings, data, fits.__setitem__)
    found, rows = judged.settings, judged.worth
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
    looks = with_looks(make_toy()).looks
    assert looks is not None
    nothing_seen = replace(data, looks=looks.take(np.zeros(looks.count.size, dtype=np.bool_)))
    empty, _ = fitted(settings, nothing_seen)
    assert empty.settings == found
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
