"""Which modalities take part in the confounder: the dependent ones, whatever the form of their link."""

import numpy as np
import pytest

from causalrec.config.model import ConfounderSettings
from causalrec.dataset.arrays import Floats
from causalrec.model.causal.crossmodal.confounder import ConfounderModel
from causalrec.model.causal.crossmodal.linkage import independence_p, linked_modalities
from causalrec.model.content import Content, fit_content, read_content

pytestmark = pytest.mark.slow

ITEMS = 300


def modalities(seed: int = 0) -> dict[str, Floats]:
    """image and text share a cause, by a bent link; noise is alone."""
    rng = np.random.default_rng(seed)
    cause = rng.normal(size=(ITEMS, 3))
    image = np.concatenate([cause, rng.normal(size=(ITEMS, 5))], axis=1)
    text = np.concatenate([np.square(cause), rng.normal(size=(ITEMS, 4))], axis=1)
    noise = rng.normal(size=(ITEMS, 6))
    return {n: v.astype(np.float32) for n, v in {"image": image, "noise": noise, "text": text}.items()}


def read(given: dict[str, Floats]) -> Content:
    return read_content(fit_content(given, 8), given, ITEMS)


@pytest.mark.parametrize("seed", range(4))
def test_a_bent_link_counts_and_noise_does_not(seed: int) -> None:
    assert linked_modalities(read(modalities(seed)), 0.01, seed) == ("image", "text")


def test_at_level_one_or_with_two_all_take_part() -> None:
    content = read(modalities())
    assert linked_modalities(content, 1.0, 0) == ("image", "noise", "text")
    two = {name: modalities()[name] for name in ("noise", "text")}
    assert linked_modalities(read(two), 0.01, 0) == ("noise", "text")


def test_where_nothing_depends_on_anything_all_stay() -> None:
    rng = np.random.default_rng(1)
    alone = {name: rng.normal(size=(ITEMS, 4)).astype(np.float32) for name in "abc"}
    assert linked_modalities(read(alone), 0.004, 0) == ("a", "b", "c")


def test_the_p_value_is_the_share_of_permutations() -> None:
    rng = np.random.default_rng(5)
    rows = rng.normal(size=(40, 2)).astype(np.float32)
    assert independence_p(rows, rows, rng) == 1 / 200
    found = [independence_p(rows, rng.normal(size=(40, 2)).astype(np.float32), rng) for _ in range(40)]
    assert 0.3 < np.mean(found) < 0.7  # uniform where nothing depends


@pytest.mark.parametrize("method", [pytest.param("diffusion", marks=pytest.mark.slow), "ridge", "cca"])
def test_a_random_modality_changes_no_footprint(method: str) -> None:
    settings = ConfounderSettings.model_validate(
        {"method": method, "hidden": 16, "blocks": 1, "epochs": 5, "width": 3, "whiten": 8}
    )
    given = modalities()
    plain = {name: given[name] for name in ("image", "text")}
    one, other = ConfounderModel(settings), ConfounderModel(settings)
    before, after = one.fit(read(plain), 3), other.fit(read(given), 3)
    assert np.array_equal(before.states, after.states)
    assert np.array_equal(before.gate, after.gate)
    assert one.strength == other.strength
    arrays, facts = other.pack()
    copy = ConfounderModel(settings)
    copy.unpack(arrays, facts)
    assert np.allclose(copy.read(read(given)).states, after.states, atol=1e-6)
