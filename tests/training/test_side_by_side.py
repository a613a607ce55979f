"""Short fits in threads of their own: the same results, and only where there is room."""

from dataclasses import replace

import pytest
import torch

from causalrec.model.causal.recommender import CausalRecommender
from causalrec.training import side_by_side
from causalrec.training.factory import build_recommender
from causalrec.training.response_memory import response_bytes
from causalrec.training.side_by_side import fits_at_once
from causalrec.training.worth import chosen_modules
from tests.model.causal.response.conftest import with_looks
from tests.model.conftest import make_toy, small_settings

SETTINGS = small_settings("causal", training={"worth_share": 0.1, "worth_sweeps": 20})


def test_modules_are_worth_the_same_however_many_are_measured_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data, found = with_looks(make_toy()), []
    judged = build_recommender(SETTINGS)
    judged.fit(data)
    assert isinstance(judged, CausalRecommender)
    for at_once in (1, 3):
        monkeypatch.setattr("causalrec.training.worth.fits_at_once", lambda *_, n=at_once: n)
        tables: dict[str, object] = {}
        _, rows = chosen_modules(SETTINGS, data, judged, tables.__setitem__)
        found.append((rows, list(tables), [table.users.tobytes() for table in tables.values()]))  # type: ignore[attr-defined]
    assert found[0] == found[1]


def test_as_many_as_there_are_threads_and_memory_for(monkeypatch: pytest.MonkeyPatch) -> None:
    data = with_looks(make_toy())
    looks = data.looks
    assert looks is not None
    monkeypatch.setattr(torch, "get_num_threads", lambda: 8)
    assert fits_at_once(SETTINGS, data) == 8
    need = response_bytes(data, looks, SETTINGS.model.response)
    monkeypatch.setattr(side_by_side, "available_bytes", lambda: int(2.5 * need))
    assert fits_at_once(SETTINGS, data) == 2
    monkeypatch.setattr(side_by_side, "available_bytes", lambda: need // 2)
    assert fits_at_once(SETTINGS, data) == 1


def test_a_fit_that_has_work_for_several_threads_is_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    data = with_looks(make_toy())
    assert data.looks is not None
    monkeypatch.setattr(torch, "get_num_threads", lambda: 8)
    monkeypatch.setattr(side_by_side, "PAIRS_PER_THREAD", data.looks.count.size)
    assert fits_at_once(SETTINGS, data) == 8  # some of its looks are held out
    monkeypatch.setattr(side_by_side, "PAIRS_PER_THREAD", 1)
    assert fits_at_once(SETTINGS, data) == 1
    assert fits_at_once(SETTINGS, replace(data, looks=None)) == 1


@pytest.mark.parametrize(("at_once", "threads"), [(1, 3), (2, 1)])
def test_a_fit_that_is_alone_keeps_the_threads_of_torch(at_once: int, threads: int) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        found = side_by_side.side_by_side(lambda one: (one, torch.get_num_threads()), range(5), at_once)
        assert found == [(one, threads) for one in range(5)]
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
