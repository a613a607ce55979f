"""Off-policy values: by hand, unbiased in a world that is known, with intervals that cover."""

from dataclasses import replace

import numpy as np
import pytest

from causalrec.dataset.arrays import Interactions
from causalrec.errors import DatasetError
from causalrec.metrics.logged import exposed_lists, uniform_list_value, uniform_policy_value
from causalrec.metrics.off_policy import doubly_robust_value, ips, snips

REWARDS = np.array([1.0, 0.0, 1.0, 1.0])
WEIGHTS = np.array([2.0, 1.0, 0.0, 1.0])


def test_by_hand() -> None:
    assert ips(REWARDS, WEIGHTS).estimate == pytest.approx(3 / 4)
    assert snips(REWARDS, WEIGHTS).estimate == pytest.approx(3 / 4)
    assert snips(REWARDS, WEIGHTS * 3).estimate == pytest.approx(3 / 4)
    assert ips(REWARDS, WEIGHTS * 3).estimate == pytest.approx(9 / 4)
    found = doubly_robust_value(REWARDS, WEIGHTS, np.full(4, 0.5), np.full(4, 0.6))
    assert found.estimate == pytest.approx(0.6 + (2 * 0.5 - 0.5 + 0.5) / 4)
    assert found.effective == pytest.approx(16 / 6)
    assert found.mean_weight == 1.0


def test_a_right_model_needs_no_weights_and_right_weights_no_model() -> None:
    rng = np.random.default_rng(0)
    chances, old, new = np.array([0.1, 0.5, 0.8]), np.array([0.6, 0.3, 0.1]), np.array([0.1, 0.2, 0.7])
    actions = rng.choice(3, 40_000, p=old)
    rewards = (rng.random(actions.size) < chances[actions]).astype(float)
    weights, truth = (new / old)[actions], float(new @ chances)
    wrong = np.full(actions.size, 0.3)
    for found in (
        ips(rewards, weights),
        snips(rewards, weights),
        doubly_robust_value(rewards, weights, wrong, wrong),
        doubly_robust_value(rewards, np.ones(actions.size), chances[actions], np.full(actions.size, truth)),
    ):
        assert found.low - 0.01 < truth < found.high + 0.01
    assert ips(rewards, weights).mean_weight == pytest.approx(1, abs=0.05)


def test_intervals_cover_and_clusters_widen_them() -> None:
    """Four looks of a user share their mood: intervals that ignore it are too narrow."""
    rng, plain, clustered = np.random.default_rng(1), 0, 0
    users = np.repeat(np.arange(150), 4)
    for _ in range(200):
        mood = rng.random(150) < 0.4
        rewards = (rng.random(600) < np.where(mood, 0.9, 0.1)[users]).astype(float)
        weights = rng.choice([0.0, 2.0], 600)
        truth = 0.4 * 0.9 + 0.6 * 0.1
        one, two = ips(rewards, weights), ips(rewards, weights, users)
        plain += one.low <= truth <= one.high
        clustered += two.low <= truth <= two.high
    assert 184 <= clustered <= 198
    assert plain < clustered


@pytest.mark.parametrize(
    ("rewards", "weights"),
    [([], []), ([1.0], [-1.0]), ([1.0], [np.inf]), ([np.nan], [1.0])],
)
def test_logs_that_say_nothing_are_refused(rewards: list[float], weights: list[float]) -> None:
    with pytest.raises(DatasetError):
        ips(np.array(rewards), np.array(weights))


def test_no_support_is_said() -> None:
    with pytest.raises(DatasetError, match="never did"):
        snips(np.ones(3), np.zeros(3))
    assert ips(np.ones(3), np.zeros(3)).mean_weight == 0


def test_lists_on_random_exposure() -> None:
    """Two users, four items, every item shown once by chance; each user has one item already."""
    train = np.array([[0, 1], [0, 3]], dtype=np.int32)
    shown = np.array([[u, i, u == i % 2] for u in (0, 1) for i in range(4)], dtype=np.float32).T
    none = np.empty((2, 0), dtype=np.int32)
    data = Interactions(2, 4, train, none, none, random_exposure=shown)
    scores = np.array([[9, 3, 2, 1], [4, 3, 2, 9]], dtype=np.float32)
    found = uniform_policy_value(exposed_lists(lambda users: scores[users], data, 2))
    # listed: items 1 and 2 for user 0 (outcomes 0, 1), items 0 and 1 for user 1 (outcomes 0, 1)
    assert {name: one.estimate for name, one in found.items()} == pytest.approx({"snips_liked@2": 0.5})
    assert found["snips_liked@2"].mean_weight == pytest.approx(1)
    assert found["snips_liked@2"].effective == 4


def test_what_the_user_found_without_chance_is_no_round() -> None:
    """Chance shows a tenth of everything, and what it shows never trains: the weights must average to one."""
    rng, shape, k = np.random.default_rng(4), (400, 60), 5
    taste = rng.normal(size=shape)
    shown, chosen = rng.random(shape) < 0.1, rng.random(shape) < 1 / (1 + np.exp(3 - 2 * taste))
    liked = rng.random(shape) < 1 / (1 + np.exp(-taste))
    users, items = np.nonzero(shown)
    none = np.empty((2, 0), np.int32)
    data = Interactions(
        *shape, np.stack(np.nonzero(chosen & ~shown)).astype(np.int32), none, none,
        random_exposure=np.vstack([users, items, liked[shown]]).astype(np.float32),
        chosen_elsewhere=np.stack(np.nonzero(chosen & shown)).astype(np.int32),
    )  # fmt: skip
    listed = exposed_lists(lambda rows: taste[rows].astype(np.float32), data, k)
    assert listed is not None
    found = uniform_policy_value(listed)[f"snips_liked@{k}"]
    best = np.argsort(-np.where(chosen, -np.inf, taste), axis=1)[:, :k]
    truth = np.take_along_axis(1 / (1 + np.exp(-taste)), best, axis=1).mean()
    assert found.mean_weight == pytest.approx(1, abs=0.07)
    assert found.low < truth < found.high
    robust = uniform_list_value(listed, data)[f"dr_liked@{k}"]
    assert robust.mean() == pytest.approx(truth, abs=2 * robust.std() / np.sqrt(robust.size))
    flawed = exposed_lists(
        lambda rows: taste[rows].astype(np.float32), replace(data, chosen_elsewhere=none), k
    )
    assert uniform_policy_value(flawed)[f"snips_liked@{k}"].mean_weight > 1.2


def test_no_random_exposure_no_value() -> None:
    none = np.empty((2, 0), dtype=np.int32)
    data = Interactions(2, 4, none, none, none)
    lists = exposed_lists(lambda users: np.zeros((len(users), 4), np.float32), data, 2)
    assert uniform_policy_value(lists) == {}
