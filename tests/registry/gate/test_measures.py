"""What the gate asks beyond metrics, by hand: codes, change against the champion, cost, refuters."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from causalrec.config import Settings
from causalrec.dataset.arrays import Floats, Interactions, Ints
from causalrec.dataset.load import load_dataset
from causalrec.lake import Lake
from causalrec.metrics.evaluate import Evaluation
from causalrec.metrics.ranked import RankedUsers
from causalrec.metrics.ranking import rank_per_user
from causalrec.model.base import Recommender
from causalrec.model.factors import FactorRecommender, plain_tables
from causalrec.registry.gate.comparison import OVER, difference_row
from causalrec.registry.gate.measures import (
    drift_rows,
    latency_ms,
    logged_rows,
    ranked_as_logged,
    size_mb,
    spread_rows,
    stability_index,
)
from causalrec.registry.gate.refuted import DIVERGED, run_refuters
from causalrec.registry.package import open_package, write_package
from causalrec.registry.versions import opened
from causalrec.training.factory import build_recommender
from causalrec.training.refuters import REFUTERS
from tests.registry.conftest import Shop
from tests.registry.shop import DS, settings_in, write_dataset


def test_spread_over_codes() -> None:
    """Four codes, of which one has two items and one has one; an item without a code does not count."""
    rows = {row.metric: row.value for row in spread_rows(np.array([0, 0, 1, -1]), 4, "test")}
    entropy = -(2 / 3 * math.log(2 / 3) + 1 / 3 * math.log(1 / 3))
    assert rows == {
        "codebook_codes": 4,
        "codebook_perplexity": pytest.approx(math.exp(entropy)),
        "codebook_usage": 0.5,
    }


def evaluation(lists: list[list[int]], scores: list[list[float]]) -> Evaluation:
    listed: Ints = np.array(lists, np.int32)
    users = np.arange(len(lists), dtype=np.int32)
    given: Floats = np.array(scores, np.float32)
    return Evaluation((), RankedUsers(users, users, listed, given, listed >= 0, {}))


def test_change_against_the_champion() -> None:
    """Of five listed items two stay; an item in another user's list is another thing, an empty place none."""
    mine = evaluation([[1, 2, 3], [4, 5, -1]], [[3, 2, 1], [3, 2, -np.inf]])
    theirs = evaluation([[2, 9, 1], [1, 2, 3]], [[30, 20, 10], [30, 20, 10]])
    overlap, psi = drift_rows(mine, theirs, 3, "test")
    assert (overlap.metric, overlap.k, overlap.value) == ("champion_overlap", 3, 2 / 5)
    assert (psi.metric, psi.k) == ("champion_score_psi", 0)
    assert drift_rows(mine, mine, 3, "test")[1].value == pytest.approx(0)
    scaled = evaluation([[1, 2, 3], [4, 5, -1]], [[12, 8, 4], [12, 8, -np.inf]])
    assert drift_rows(scaled, mine, 3, "test")[1].value == pytest.approx(0)  # scale is no drift


def test_lists_by_what_will_be_chosen_anyway(tmp_path: Path) -> None:
    """The scores put item 0 first for everybody, exposure the one item of the held-out pairs."""
    settings = settings_in(tmp_path, "lightgcn")
    write_dataset(settings)
    dataset = load_dataset(settings, Lake(settings.lake_root), DS)
    n_users, n_items = dataset.data.n_users, dataset.data.n_items
    held = np.stack([np.arange(n_users), np.full(n_users, n_items - 1)]).astype(np.int32)
    data = replace(dataset.data, train=held[:, :0], valid=held[:, :0], test=held)
    first, last = (np.eye(n_items, dtype=np.float32)[item] for item in (0, n_items - 1))
    tables = plain_tables(np.ones((n_users, 1), np.float32), first[:, None], first)
    model = build_recommender(settings)
    assert isinstance(model, FactorRecommender)
    found = []
    for name, exposure in (("with", 2 * last), ("without", None)):
        model.tables = replace(tables, exposure=exposure)
        write_package(tmp_path / name, model, dataset, {"dataset_id": dataset.dataset_id})
        ranked = ranked_as_logged(open_package(tmp_path / name), data, ["test"], (1, 20))
        found.append(logged_rows(ranked, (1, 20)))
    rows = {(row.metric, row.k): (row.split, row.value, row.low, row.high) for row in found[0]}
    names = [(metric, k) for metric in ("logged_recall", "logged_ndcg") for k in (1, 20)]
    assert rows == dict.fromkeys(names, ("test", 1.0, 1.0, 1.0))
    assert found[1] == []


def test_the_lead_over_a_baseline_is_paired_over_users() -> None:
    """Every user differs from the others, but each is .1 better off than under the baseline."""
    theirs = np.linspace(0, 0.9, 50)
    row = difference_row("test", "ndcg@20", OVER + "popularity", theirs + 0.1, theirs)
    assert (row.split, row.metric, row.k) == ("test", "ndcg_over_popularity", 20)
    assert [row.value, row.low, row.high] == pytest.approx([0.1, 0.1, 0.1])


def test_stability_index() -> None:
    """Ten bins of ten; afterwards all hundred lie in the last: with half an observation added to each bin."""
    before = np.arange(100, dtype=np.float64)
    after = np.full(100, 99.0)
    old, none, all_of_it = 10.5 / 105, 0.5 / 105, 100.5 / 105
    expected = 9 * (none - old) * math.log(none / old) + (all_of_it - old) * math.log(all_of_it / old)
    assert stability_index(before, after) == pytest.approx(expected)
    assert stability_index(before, before) == 0
    assert stability_index(before, before[:0]) == 0


def test_size_and_latency_of_a_package(shop: Shop) -> None:
    with opened(shop.version) as package:
        files = [file for file in package.folder.rglob("*") if file.is_file()]
        assert size_mb(package) * 1e6 == pytest.approx(sum(len(file.read_bytes()) for file in files))
        spent = latency_ms(package, shop.settings, load_dataset(shop.settings, shop.lake, DS))
    assert 0 < spent < 10_000


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Interactions, Recommender]:
    """A causal model of two epochs on items with text vectors."""
    base = settings_in(tmp_path_factory.mktemp("refuted"), "causal")
    gate = base.gate.model_copy(update={"refuters": ("placebo_content", "random_common_cause")})
    settings = base.model_copy(update={"gate": gate})
    write_dataset(settings, vectors=True)
    data = load_dataset(settings, Lake(settings.lake_root), DS).data
    recommender = build_recommender(settings)
    recommender.fit(data)
    return settings, data, recommender


def validated(recommender: Recommender, data: Interactions) -> float:
    return float(rank_per_user(recommender.score, data, "valid", (10,)).metrics["ndcg@10"].mean())


def test_refuters_say_how_much_the_metric_changes(
    fitted: tuple[Settings, Interactions, Recommender],
) -> None:
    settings, data, recommender = fitted
    found = run_refuters(settings, data, recommender, 2)
    assert list(found) == ["placebo_content", "random_common_cause"]
    other = build_recommender(settings)
    other.fit(REFUTERS["placebo_content"](data, settings.training.seed))
    change = validated(other, data) / validated(recommender, data) - 1
    assert found["placebo_content"] == pytest.approx(change)


def test_what_has_no_refuters(fitted: tuple[Settings, Interactions, Recommender]) -> None:
    settings, data, recommender = fitted
    ease = settings.model_copy(update={"model": settings.model.model_copy(update={"name": "ease"})})
    assert run_refuters(ease, data, recommender, 2) == {}
    untold = Interactions(data.n_users, data.n_items, data.train, data.valid[:, :0], data.test)
    assert run_refuters(settings, untold, recommender, 2) == {}


def test_a_refuter_whose_training_diverges_is_refused_by_the_gate(
    fitted: tuple[Settings, Interactions, Recommender],
) -> None:
    settings, data, recommender = fitted
    training = settings.training.model_copy(update={"learning_rate": 1e38, "precision": "float32"})
    wild = settings.model_copy(update={"training": training})
    found = run_refuters(wild, data, recommender, 2)
    assert found == {"placebo_content": DIVERGED, "random_common_cause": DIVERGED}
