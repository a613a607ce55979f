"""The channels on data whose conditional density is known."""

import numpy as np
import pytest

from causalrec.config.model import ConfounderSettings
from causalrec.dataset.arrays import Floats
from causalrec.model.causal.crossmodal.choice import Channel, choose_channel, explained, simplest
from causalrec.model.causal.crossmodal.gaussian_noise import GaussianNoise, shrunk_covariance
from causalrec.model.causal.crossmodal.linear import cca_weights, leverage, ridge_weights
from causalrec.model.causal.crossmodal.mlp import DiffusionChannel
from causalrec.model.causal.crossmodal.store import pack_channel, unpack_channel, unpack_earlier

pytestmark = pytest.mark.slow

SETTINGS = ConfounderSettings(
    hidden=32, blocks=1, mean_hidden=32, epochs=1, mean_epochs=1, least_steps=150, batch=128, width=2,
    whiten=4, bags=2, dropout=0.0, holdout=0.2, levels=16, decay=0.0, learning_rate=5e-3,
)  # fmt: skip
SCALE = np.ones(2, dtype=np.float32)


def linear_gaussian(items: int = 600) -> tuple[Floats, Floats]:
    """z = 0.8 * condition + noise of variance 0.36: the best possible R2 is 0.64."""
    rng = np.random.default_rng(3)
    condition = rng.normal(size=(items, 2))
    target = 0.8 * condition + 0.6 * rng.normal(size=(items, 2))
    return target.astype(np.float32), condition.astype(np.float32)


def two_peaks(items: int = 1_500) -> tuple[Floats, Floats]:
    """The condition gives the distance from zero, never the side: mean zero, two peaks."""
    rng = np.random.default_rng(4)
    side, far = rng.choice([-1.0, 1.0], (items, 2)), rng.uniform(0.6, 1.3, (items, 2))
    target = side * far + 0.05 * rng.normal(size=(items, 2))
    return target.astype(np.float32), ((far - far.mean()) / far.std()).astype(np.float32)


def bent(items: int = 1_200) -> tuple[Floats, Floats]:
    """The target is the square of the condition, so that nothing linear is left."""
    rng = np.random.default_rng(3)
    condition = rng.normal(size=(items, 2))
    target = (np.square(condition) - 1.0) / np.sqrt(2) + 0.2 * rng.normal(size=(items, 2))
    return target.astype(np.float32), condition.astype(np.float32)


def test_auto_takes_the_linear_channel_where_it_is_exact() -> None:
    choice = choose_channel(linear_gaussian(), SCALE, SETTINGS, 0)
    assert choice.way in ("ridge", "cca")
    assert choice.judged["ridge"].explained == pytest.approx(0.64, abs=0.06)
    gain = -np.log(0.6) * 2  # nats per item: log 1 / 0.6 in each of the two directions
    assert choice.judged["ridge"].density == pytest.approx(gain, abs=0.15)
    assert 0.5 < choice.judged["diffusion"].density < gain + 0.15  # a bound from below


def test_a_network_explains_what_no_linear_channel_can() -> None:
    choice = choose_channel(bent(), SCALE, SETTINGS, 0)
    assert choice.judged["ridge"].explained < 0.1
    assert choice.judged["mlp"].explained > 0.7
    assert choice.way in ("mlp", "diffusion")


@pytest.mark.slow
def test_the_diffusion_is_taken_where_the_noise_is_no_gaussian() -> None:
    target, condition = two_peaks()
    longer = SETTINGS.model_copy(update={"least_steps": 400})
    choice = choose_channel((target, condition), SCALE, longer, 0)
    assert choice.way == "diffusion"
    assert choice.judged["diffusion"].density > choice.judged["mlp"].density + 2
    assert abs(choice.judged["diffusion"].explained) < 0.05  # the mean of both peaks is zero

    channel = choice.channel  # its draws have both peaks
    drawn = channel.draw(condition, np.random.default_rng(0))
    assert drawn.shape == target.shape
    assert (np.abs(drawn) < 0.3).mean() < 0.1  # a Gaussian of the same variance has .24 there
    assert 0.4 < (drawn > 0).mean() < 0.6
    assert np.array_equal(drawn, channel.draw(condition, np.random.default_rng(0)))


@pytest.mark.parametrize("method", ["ridge", "mlp", "diffusion"])
def test_evidence_is_there_only_where_the_condition_tells_something(method: str) -> None:
    settings = SETTINGS.model_copy(update={"method": method})
    target, condition = linear_gaussian()
    shuffled = condition[np.random.default_rng(1).permutation(600)]
    related = choose_channel((target, condition), SCALE, settings, 0).channel
    placebo = choose_channel((target, shuffled), SCALE, settings, 0).channel
    assert related.evidence(target, condition).mean() > 0.7
    assert placebo.evidence(target, shuffled).mean() < 0.15


@pytest.mark.parametrize("method", ["ridge", "cca", "mlp", "diffusion"])
def test_a_channel_comes_back_from_arrays_and_facts(method: str) -> None:
    settings = SETTINGS.model_copy(update={"method": method, "least_steps": 20})
    target, condition = linear_gaussian(200)
    channel = choose_channel((target, condition), SCALE, settings, 0).channel
    again = unpack_channel(*pack_channel(channel), settings)
    for said in (_said(channel, target, condition), _said(again, target, condition)):
        assert np.isfinite(said).all()
    assert np.allclose(_said(channel, target, condition), _said(again, target, condition), atol=1e-5)
    assert isinstance(channel, DiffusionChannel) == (method == "diffusion")


def _said(channel: Channel, target: Floats, condition: Floats) -> Floats:
    said: Floats = np.column_stack([channel.predict(condition), channel.log_density(target, condition)])
    return said


def test_few_items_are_left_to_linear_channels() -> None:
    few = SETTINGS.model_copy(update={"items_per_direction": 1_000})
    assert set(choose_channel(linear_gaussian(), SCALE, few, 0).judged) == {"ridge", "cca"}


def test_a_channel_of_an_earlier_package_says_what_its_linear_layer_said() -> None:
    direct = np.arange(8, dtype=np.float32).reshape(2, 4)  # (p, q + 1), the last column a flag
    earlier: dict[str, Floats] = {"diffusion.image.direct.weight": direct}
    assert np.array_equal(unpack_earlier(earlier, "image").weights, direct[:, :3].T)
    assert np.array_equal(unpack_earlier({"linear.image": direct}, "image").weights, direct)


def test_the_simplest_way_within_one_standard_error_is_taken() -> None:
    noise: Floats = np.random.default_rng(0).normal(size=100).astype(np.float32)
    assert simplest({"ridge": noise, "mlp": (noise + 0.01 * np.sign(noise)).astype(np.float32)}) == "ridge"
    assert simplest({"ridge": noise, "mlp": noise + 0.5}) == "mlp"


def test_gaussian_noise_is_the_normal_density() -> None:
    rng = np.random.default_rng(0)
    rows = (rng.normal(size=(4_000, 3)) @ np.diag([1.0, 2.0, 0.5])).astype(np.float32)
    noise = GaussianNoise.fit(0.1 * rows, rows)  # shape from small residuals, size from honest ones
    assert np.allclose(np.diag(noise.root), [1.0, 2.0, 0.5], rtol=0.06)
    assert np.allclose(noise.colour(noise.standardise(rows)), rows, atol=1e-5)
    exact = -0.5 * (3 * np.log(2 * np.pi) + 3) - np.log(1.0 * 2.0 * 0.5)
    assert noise.log_density(rows).mean() == pytest.approx(exact, abs=0.05)


def test_a_covariance_of_few_rows_is_shrunk_and_can_be_inverted() -> None:
    rows = np.random.default_rng(0).normal(size=(5, 20)).astype(np.float32)
    assert np.linalg.cond(shrunk_covariance(rows)) < 100


def test_all_canonical_pairs_together_are_ridge() -> None:
    target, condition = linear_gaussian()
    whole = cca_weights(target, condition, 5.0, 2)
    assert np.allclose(whole, ridge_weights(target, condition, 5.0), atol=1e-5)


def test_leading_canonical_pairs_keep_what_is_shared() -> None:
    """One direction of five is shared: the first pair predicts better than all of them."""
    rng = np.random.default_rng(4)
    target, condition = rng.normal(size=(2, 60, 20)).astype(np.float32)
    cause = rng.normal(size=60).astype(np.float32)
    target[:, 3], condition[:, 7] = cause, cause
    held = np.arange(60) < 20
    fit = (target[~held], condition[~held], 10.0)
    one = cca_weights(*fit, 1)
    ridge, cca = (
        explained(target[held], condition[held] @ weights) for weights in (ridge_weights(*fit), one)
    )
    assert cca > ridge
    assert divmod(int(np.abs(one).argmax()), 20) == (7, 3)


def test_leverage_gives_the_residual_without_the_item() -> None:
    target, condition = linear_gaussian(30)
    left = np.arange(30) != 4
    without = target[4] - condition[4] @ ridge_weights(target[left], condition[left], 2.0)
    with_all = target[4] - condition[4] @ ridge_weights(target, condition, 2.0)
    assert np.allclose(with_all / (1 - leverage(condition, 2.0)[4]), without, atol=1e-4)
