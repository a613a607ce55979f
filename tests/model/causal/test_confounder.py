"""The channels on data whose conditional expectation is known, and items with missing sides."""

from pathlib import Path

import numpy as np
import pytest

from causalrec.config.model import ConfounderSettings
from causalrec.dataset.arrays import Floats
from causalrec.model.causal.cache import cache_key, identify
from causalrec.model.causal.confounder import ConfounderModel
from causalrec.model.causal.diffusion import explained, train_channel
from causalrec.model.causal.linear_channel import fit_cca, fit_ridge
from causalrec.model.content import Content, fit_content, read_content

RNG = np.random.default_rng(0)
SETTINGS = ConfounderSettings(hidden=32, blocks=1, epochs=40, batch=128, width=2, whiten=8)


def linear_gaussian(items: int = 600) -> tuple[Floats, Floats]:
    """z = 0.8 * condition + noise of variance 0.36: the best possible R2 is 0.64."""
    rng = np.random.default_rng(3)
    condition = rng.normal(size=(items, 3))
    target = 0.8 * condition + 0.6 * rng.normal(size=(items, 3))
    return target.astype(np.float32), condition.astype(np.float32)


def test_diffusion_equals_ridge_where_ridge_is_exact() -> None:
    target, condition = linear_gaussian()
    held = np.arange(600) < 200
    ridge = fit_ridge(target[~held], condition[~held], 1.0)
    channel = train_channel(target, condition, ridge.weights, held, SETTINGS, seed=0)
    linear = explained(target[held], ridge.predict(condition[held]))
    diffusion = explained(target[held], channel.predict(condition[held]))
    assert 0.55 < linear < 0.7
    assert abs(diffusion - linear) < 0.04


def test_diffusion_beats_ridge_where_the_link_is_bent() -> None:
    rng = np.random.default_rng(3)
    condition = rng.normal(size=(900, 2)).astype(np.float32)
    target = (np.square(condition) - 1.0) / np.sqrt(2) + 0.2 * rng.normal(size=(900, 2))
    target = target.astype(np.float32)
    held = np.arange(900) < 200
    ridge = fit_ridge(target[~held], condition[~held], 1.0)
    longer = SETTINGS.model_copy(update={"batch": 64, "learning_rate": 5e-3, "epochs": 60})
    channel = train_channel(target, condition, ridge.weights, held, longer, seed=0)
    assert explained(target[held], ridge.predict(condition[held])) < 0.1
    assert explained(target[held], channel.predict(condition[held])) > 0.4


def test_all_canonical_pairs_together_are_ridge() -> None:
    target, condition = linear_gaussian()
    whole = fit_cca(target, condition, 5.0, 3)
    assert np.allclose(whole.weights, fit_ridge(target, condition, 5.0).weights, atol=1e-5)


def test_leading_canonical_pairs_keep_what_is_shared() -> None:
    """One direction of five is shared: the first pair predicts better than all of them."""
    rng = np.random.default_rng(4)
    target, condition = rng.normal(size=(2, 60, 20)).astype(np.float32)
    cause = rng.normal(size=60).astype(np.float32)
    target[:, 3], condition[:, 7] = cause, cause
    held = np.arange(60) < 20
    ridge, cca = (
        explained(target[held], channel.predict(condition[held]))
        for channel in (
            fit_ridge(target[~held], condition[~held], 10.0),
            fit_cca(target[~held], condition[~held], 10.0, 1),
        )
    )
    assert cca > ridge
    weights = fit_cca(target[~held], condition[~held], 10.0, 1).weights
    assert divmod(int(np.abs(weights).argmax()), 20) == (7, 3)


def test_findings_compare_the_rivals_on_held_out_items() -> None:
    content, _ = shared_cause()
    model = ConfounderModel(SETTINGS.model_copy(update={"epochs": 5}))
    model.fit(content, seed=0)
    assert set(model.r2) == {
        f"{way}/{name}" for way in ("diffusion", "ridge", "cca") for name in content.white
    }
    assert min(model.r2.values()) > 0.5


def test_evidence_is_there_only_where_the_condition_tells_something() -> None:
    target, condition = linear_gaussian()
    held = np.arange(600) < 200
    related = train_channel(target, condition, fit_ridge(target, condition, 1.0).weights, held, SETTINGS, 0)
    shuffled = condition[np.random.default_rng(1).permutation(600)]
    placebo = train_channel(target, shuffled, fit_ridge(target, shuffled, 1.0).weights, held, SETTINGS, 0)
    assert related.evidence(target[held], condition[held]).mean() > 0.3
    assert abs(placebo.evidence(target[held], shuffled[held]).mean()) < 0.1


def shared_cause(items: int = 300) -> tuple[Content, "np.ndarray"]:
    """Three brands drive both modalities; item 0 has no text, item 1 nothing."""
    brand = np.arange(items) % 3
    rng = np.random.default_rng(2)
    image = np.eye(3)[brand] @ rng.normal(size=(3, 6)) + 0.2 * rng.normal(size=(items, 6))
    text = np.eye(3)[brand] @ rng.normal(size=(3, 5)) + 0.2 * rng.normal(size=(items, 5))
    image[1] = np.nan
    text[:2] = np.nan
    modalities = {"image": image.astype(np.float32), "text": text.astype(np.float32)}
    return read_content(fit_content(modalities, 8), modalities, items), brand


@pytest.mark.parametrize("method", ["diffusion", "ridge", "cca"])
def test_the_footprint_separates_the_shared_cause(method: str) -> None:
    content, brand = shared_cause()
    model = ConfounderModel(SETTINGS.model_copy(update={"method": method}))
    found = model.fit(content, seed=0)
    whole = slice(2, None)
    centers = np.stack([found.states[whole][brand[whole] == b].mean(axis=0) for b in range(3)])
    distance = np.square(found.states[whole][:, None] - centers).sum(axis=2)
    assert (distance.argmin(axis=1) == brand[whole]).mean() > 0.95
    assert model.strength > 0.5
    assert found.gate[whole].mean() > 0.2


def test_items_with_a_missing_side_get_no_gate_and_items_without_content_no_state() -> None:
    content, _ = shared_cause()
    found = ConfounderModel(SETTINGS.model_copy(update={"method": "ridge"})).fit(content, seed=0)
    assert found.known[:3].tolist() == [True, False, True]
    assert found.gate[:2].tolist() == [0.0, 0.0]
    assert found.kappa[:2].tolist() == [0.0, 0.0]
    assert not found.states[1].any()
    assert found.states[0].any()


def test_one_modality_has_a_footprint_but_no_evidence() -> None:
    modalities = {"image": RNG.normal(size=(50, 4)).astype(np.float32)}
    content = read_content(fit_content(modalities, 8), modalities, 50)
    found = ConfounderModel(SETTINGS).fit(content, seed=0)
    assert found.states.any()
    assert not found.gate.any()


def test_independent_modalities_open_no_gate() -> None:
    modalities = {name: RNG.normal(size=(400, 5)).astype(np.float32) for name in ("image", "text")}
    content = read_content(fit_content(modalities, 8), modalities, 400)
    found = ConfounderModel(SETTINGS.model_copy(update={"method": "ridge"})).fit(content, seed=0)
    assert found.gate.mean() < 0.08


def test_a_cached_model_says_the_same_and_is_not_trained_again(tmp_path: Path) -> None:
    content, _ = shared_cause()
    settings = SETTINGS.model_copy(update={"cache": str(tmp_path), "epochs": 5})
    first, found = identify(content, settings, seed=0)
    written = {file: file.stat().st_mtime_ns for file in tmp_path.iterdir()}
    second, again = identify(content, settings, seed=0)
    assert np.allclose(found.states, again.states, atol=1e-6)
    assert np.array_equal(found.gate, again.gate)
    assert first.r2 == second.r2
    assert {file: file.stat().st_mtime_ns for file in tmp_path.iterdir()} == written
    assert cache_key(content, settings, 0) != cache_key(content, settings, 1)
    assert cache_key(content, settings, 0) != cache_key(content, settings.model_copy(update={"width": 3}), 0)
