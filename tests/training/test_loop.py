"""The loop: resumes exactly, stops early, refuses what cannot work."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from causalrec.config import Settings
from causalrec.dataset.arrays import Interactions
from causalrec.errors import SettingsError, TrainingError
from causalrec.model.base import FitReport, Progress, Recommender
from causalrec.training.checkpoint import read_checkpoint
from causalrec.training.device import half_precision
from causalrec.training.factory import build_recommender
from causalrec.training.judge import selection_value

Quick = Callable[..., Settings]
EVERYONE = np.arange(50, dtype=np.int32)


class Killed(Exception):
    """Stands for the process that dies."""


def dies_at(death: int) -> Progress:
    def progress(epoch: int, metrics: dict[str, float]) -> None:
        if epoch == death:
            raise Killed

    return progress


def run(settings: Settings, shop: Interactions, folder: Path | None = None) -> tuple[Recommender, FitReport]:
    recommender = build_recommender(settings, folder)
    return recommender, recommender.fit(shop)


def without_seconds(report: FitReport) -> list[dict[str, float]]:
    return [{name: value for name, value in row.items() if name != "seconds"} for row in report.history]


@pytest.mark.parametrize("name", ["lightgcn", "causal"])
@pytest.mark.parametrize("death", [4, 7])
def test_a_killed_run_continues_to_the_same_state(
    name: str, death: int, shop: Interactions, quick: Quick, tmp_path: Path
) -> None:
    whole, report = run(quick(name), shop)
    with pytest.raises(Killed):
        build_recommender(quick(name), tmp_path).fit(shop, progress=dies_at(death))
    resumed, second = run(quick(name), shop, tmp_path)
    assert np.array_equal(resumed.score(EVERYONE), whole.score(EVERYONE))
    assert without_seconds(second) == without_seconds(report)
    assert second.best_epoch == report.best_epoch


def test_a_checkpoint_of_other_settings_or_data_is_not_resumed(
    shop: Interactions, quick: Quick, tmp_path: Path
) -> None:
    run(quick("lightgcn"), shop, tmp_path)
    plain, _ = run(quick("lightgcn", seed=8), shop)
    other, report = run(quick("lightgcn", seed=8), shop, tmp_path)
    assert report.epochs == 9
    assert np.array_equal(plain.score(EVERYONE), other.score(EVERYONE))
    fewer = replace(shop, train=shop.train[:, :-1])
    _, third = run(quick("lightgcn", seed=8), fewer, tmp_path)
    assert len(third.history) == 9


@pytest.mark.parametrize(
    "damage", [lambda whole: b"half a file", lambda whole: whole[:-9], lambda whole: b""]
)
def test_a_damaged_checkpoint_is_set_aside_and_said(
    shop: Interactions,
    quick: Quick,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    damage: Callable[[bytes], bytes],
) -> None:
    whole, report = run(quick("lightgcn"), shop, tmp_path)
    file = tmp_path / "checkpoint.safetensors"
    left = damage(file.read_bytes())
    file.write_bytes(left)
    again, second = run(quick("lightgcn"), shop, tmp_path)
    assert (tmp_path / "checkpoint.damaged").read_bytes() == left
    assert "training starts over" in caplog.text
    assert np.array_equal(again.score(EVERYONE), whole.score(EVERYONE))
    assert without_seconds(second) == without_seconds(report)


def test_no_checkpoint_is_no_state(tmp_path: Path) -> None:
    assert read_checkpoint(tmp_path) is None


def test_training_stops_when_validation_does(shop: Interactions, quick: Quick) -> None:
    _, report = run(quick("lightgcn", epochs=300, patience=2), shop)
    assert report.epochs < 300
    assert report.epochs - report.best_epoch == 2 * 3
    values = [row["recall@20"] + row["ndcg@20"] for row in report.history if "recall@20" in row]
    assert max(values) == values[report.best_epoch // 3 - 1]


def test_test_pairs_change_nothing(shop: Interactions, quick: Quick) -> None:
    other = replace(shop, test=np.zeros((2, 0), dtype=np.int32))
    assert np.array_equal(
        run(quick("causal"), shop)[0].score(EVERYONE), run(quick("causal"), other)[0].score(EVERYONE)
    )


def test_a_loss_that_is_not_finite_stops_with_the_batch(
    shop: Interactions, quick: Quick, tmp_path: Path
) -> None:
    with pytest.raises(TrainingError, match="not finite"):
        run(quick("lightgcn", temperature=1e-44), shop, tmp_path)
    batch = read_checkpoint(tmp_path / "diverged")
    assert batch is not None
    assert set(batch[0]) == {"users", "items", "negatives"}
    assert batch[0]["users"].shape == batch[0]["items"].shape


def test_too_little_memory_is_known_before_training(shop: Interactions, quick: Quick) -> None:
    with pytest.raises(TrainingError, match="GiB"):
        run(quick("lightgcn", max_memory_gib=1e-6), shop)


def test_no_pairs_is_an_error(shop: Interactions, quick: Quick) -> None:
    with pytest.raises(TrainingError, match="no training pairs"):
        run(quick("lightgcn"), replace(shop, train=np.zeros((2, 0), dtype=np.int32)))


def test_without_validation_the_number_of_epochs_is_fixed(shop: Interactions, quick: Quick) -> None:
    blind = replace(shop, valid=np.zeros((2, 0), dtype=np.int32))
    recommender, report = run(quick("causal", epochs_unvalidated=4), blind)
    assert report.epochs == 4
    assert np.isfinite(recommender.score(EVERYONE)).all()


def test_bpr_trains_too(shop: Interactions, quick: Quick) -> None:
    _, report = run(quick("lightgcn", loss="bpr", epochs=12), shop)
    assert report.history[-1]["loss"] < report.history[0]["loss"]


@pytest.mark.parametrize("name", ["lightgcn", "causal"])
def test_half_precision_trains_to_nearly_the_same(name: str, shop: Interactions, quick: Quick) -> None:
    _, exact = run(quick(name), shop)
    _, half = run(quick(name, precision="bfloat16"), shop)
    losses = [[row["loss"] for row in report.history] for report in (exact, half)]
    assert losses[1] == pytest.approx(losses[0], rel=0.03)
    assert losses[1] != losses[0]
    assert not half_precision("auto", torch.device("cpu"))
    assert half_precision("auto", torch.device("cuda"))


def test_selection_names_are_checked() -> None:
    assert selection_value({"recall@20": 0.25, "ndcg@20": 0.5}, "recall@20+ndcg@20") == 0.75
    with pytest.raises(SettingsError, match="hits@3"):
        selection_value({"recall@20": 0.25}, "hits@3")
