"""Parts of an evaluation that need no model: gains, names, and whose data it is."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from causalrec.errors import RegistryError
from causalrec.metrics.bootstrap import paired_test
from causalrec.metrics.evaluate import MetricRow
from causalrec.registry.gate import judged
from causalrec.registry.gate.comparison import CHAMPION
from causalrec.registry.gate.evaluate import _same_data
from causalrec.registry.gate.judged import gains, judge_all
from causalrec.registry.versions import DATASET, MODEL, ModelVersion

from ..shop import DS, settings_in

SETTINGS = settings_in(Path("/nowhere"))
MINE = ModelVersion("shop", "4", "r", "", {MODEL: "causal", DATASET: "d"})
THEIRS = ModelVersion("shop", "3", "r", "")
METRICS = (SETTINGS.gate.metric, SETTINGS.gate.debiased_metric)


def test_names_have_a_cut_where_there_is_one() -> None:
    assert MetricRow("test", "ndcg", 20, 0.5).name == "ndcg@20"
    assert MetricRow("test", "size_mb", 0, 0.5).name == "size_mb"


def test_only_its_own_data_are_judged() -> None:
    dataset: Any = SimpleNamespace(dataset_id="d")
    _same_data(MINE, dataset, DS)
    dataset.dataset_id = "e"
    with pytest.raises(RegistryError, match="version 4 was trained on dataset d, 2026-03-01 has e"):
        _same_data(MINE, dataset, DS)
    with pytest.raises(RegistryError, match="trained on dataset unknown"):
        _same_data(THEIRS, dataset, DS)


def results_of(values: np.ndarray, *metrics: str) -> Any:  # noqa: ANN401 - a stand-in
    return SimpleNamespace(paired=set(metrics), per_user=lambda name: values)


def test_gains_are_paired_and_of_what_both_have() -> None:
    rng = np.random.default_rng(3)
    mine, theirs = rng.random(40), rng.random(40)
    results: Any = {}
    for split in ("valid", "test"):
        results["causal", split] = results_of(mine, *METRICS)
        results[f"{CHAMPION}3", split] = results_of(theirs, *(METRICS if split == "test" else METRICS[:1]))
    rows = gains(SETTINGS, "d", MINE, THEIRS, results)
    (first, k), (second, at) = (name.split("@") for name in METRICS)
    assert [(row["split"], row["metric"], row["k"]) for row in rows] == [
        ("test", f"{first}_gain", int(k)), ("test", f"{second}_gain", int(at)),
        ("valid", f"{first}_gain", int(k)),
    ]  # fmt: skip
    test = paired_test(mine, theirs)
    assert (rows[0]["value"], rows[0]["low"], rows[0]["high"]) == (test.difference, test.low, test.high)
    assert {(row["dataset_id"], row["model_version"], row["model"]) for row in rows} == {("d", "4", "causal")}
    assert gains(SETTINGS, "d", MINE, None, results) == []


def test_without_held_out_pairs_nothing_is_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judged, "baselines", lambda settings, data: {})
    none = np.empty((2, 0))
    dataset: Any = SimpleNamespace(data=SimpleNamespace(valid=none, test=none))
    with pytest.raises(RegistryError, match="the dataset has no held-out pairs"):
        judge_all(SETTINGS, dataset, MINE, None)
