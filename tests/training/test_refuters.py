"""Each refuter changes what it names and nothing else."""

import numpy as np
import pytest

from causalrec.dataset.arrays import Interactions
from causalrec.training.refuters import REFUTERS, placebo_content, random_columns, shuffled_modality, subset


@pytest.fixture
def data() -> Interactions:
    rng = np.random.default_rng(0)
    image = (5 + 2 * rng.standard_normal((500, 4))).astype(np.float32)
    image[::10] = np.nan
    train = np.stack([np.arange(400), np.arange(400)]).astype(np.int32)
    none = np.empty((2, 0), np.int32)
    return Interactions(400, 500, train, none, none, {"image": image}, np.arange(400, dtype=np.float32))


def test_shuffled_rows_are_the_same_rows(data: Interactions) -> None:
    before, after = data.modalities["image"], shuffled_modality(data, 1).modalities["image"]
    assert not np.array_equal(before, after, equal_nan=True)
    assert np.array_equal(np.sort(before, axis=0), np.sort(after, axis=0), equal_nan=True)


def test_placebo_keeps_moments_and_gaps_but_not_content(data: Interactions) -> None:
    before, after = data.modalities["image"], placebo_content(data, 1).modalities["image"]
    assert np.array_equal(np.isnan(before), np.isnan(after))
    assert np.nanmean(after) == pytest.approx(5, abs=0.3)
    assert np.nanstd(after) == pytest.approx(2, abs=0.2)
    present = ~np.isnan(before[:, 0])
    assert abs(np.corrcoef(before[present, 0], after[present, 0])[0, 1]) < 0.15


def test_random_columns_stand_beside_those_of_the_modality(data: Interactions) -> None:
    before, after = data.modalities["image"], random_columns(data, 1).modalities["image"]
    assert np.array_equal(after[:, :4], before, equal_nan=True)
    assert np.array_equal(np.isnan(after[:, 4:]), np.isnan(before[:, :1]).repeat(32, axis=1))
    assert np.nanstd(after[:, 4:]) == pytest.approx(2, abs=0.1)


def test_subset_keeps_pairs_with_their_weights(data: Interactions) -> None:
    found = subset(data, 1)
    assert found.train.shape[1] == pytest.approx(320, abs=40)
    assert found.weights is not None
    assert found.weights.tolist() == found.train[0].tolist()


@pytest.mark.parametrize("name", sorted(REFUTERS))
def test_repeatable_and_harmless(data: Interactions, name: str) -> None:
    image = data.modalities["image"].copy()
    first, second, other = (REFUTERS[name](data, seed) for seed in (1, 1, 2))
    for modality in first.modalities:
        assert np.array_equal(first.modalities[modality], second.modalities[modality], equal_nan=True)
    assert first.train.tolist() == second.train.tolist()
    assert np.array_equal(data.modalities["image"], image, equal_nan=True)
    same_train = other.train.tolist() == first.train.tolist()
    same_content = all(
        np.array_equal(first.modalities[m], other.modalities[m], equal_nan=True) for m in first.modalities
    )
    assert not (same_train and same_content)
