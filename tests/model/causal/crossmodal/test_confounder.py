"""The channels on data whose conditional expectation is known, and items with missing sides."""

from pathlib import Path

import numpy as np
import pytest

from causalrec.config.model import ConfounderSettings
from causalrec.model.causal.crossmodal.cache import cache_key, identify
from causalrec.model.causal.crossmodal.confounder import ConfounderModel
from causalrec.model.content import Content, fit_content, read_content

pytestmark = pytest.mark.slow

RNG = np.random.default_rng(0)
SETTINGS = ConfounderSettings(
    hidden=32, blocks=1, mean_hidden=32, epochs=1, mean_epochs=1, least_steps=60, batch=128, width=2, whiten=8
)


def test_findings_compare_the_rivals_on_held_out_items() -> None:
    content, _ = shared_cause()
    model = ConfounderModel(SETTINGS)
    model.fit(content, seed=0)
    rows = {f"{way}/{name}" for way in ("ridge", "cca", "mlp", "diffusion") for name in content.white}
    assert set(model.r2) == rows
    assert set(model.nats) == rows
    assert set(model.ways) == set(content.white)
    assert min(model.r2.values()) > 0.5


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


@pytest.mark.parametrize("method", ["auto", "diffusion", "mlp", "ridge", "cca"])
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
    settings = SETTINGS.model_copy(update={"cache": str(tmp_path), "least_steps": 5})
    first, found = identify(content, settings, seed=0)
    written = {file: file.stat().st_mtime_ns for file in tmp_path.iterdir()}
    second, again = identify(content, settings, seed=0)
    assert np.allclose(found.states, again.states, atol=1e-6)
    assert np.array_equal(found.gate, again.gate)
    assert first.r2 == second.r2
    assert {file: file.stat().st_mtime_ns for file in tmp_path.iterdir()} == written
    assert cache_key(content, settings, 0) != cache_key(content, settings, 1)
    assert cache_key(content, settings, 0) != cache_key(content, settings.model_copy(update={"width": 3}), 0)


def test_draws_spread_about_the_mean_and_are_repeated_by_their_seed() -> None:
    content, _ = shared_cause()
    model = ConfounderModel(SETTINGS.model_copy(update={"method": "ridge"}))
    found = model.fit(content, seed=0)
    drawn = model.draws(content, 50, seed=1)
    assert drawn.shape == (50, *found.states.shape)
    assert np.array_equal(drawn[:2], model.draws(content, 2, seed=1))
    assert np.abs(drawn[:, 2:].mean(axis=0) - found.states[2:]).mean() < 0.15
    assert drawn[:, 2:].std(axis=0).min() > 0
    assert not drawn[:, 1].any()  # nothing is known of item 1
