"""A shop of two confounder codes in which the naive ranking is wrong and the adjusted one is right."""

import numpy as np
import torch

from causalrec.config.model import BackdoorSettings
from causalrec.model.causal.backdoor import BackdoorAdjustment, code_priors
from causalrec.model.causal.codebook import Codebook

# one coarse cell, two fine codes at -1 and +1 of which the first has three items, the second one
BOOK = Codebook(
    coarse=np.zeros((1, 1), dtype=np.float32),
    fine=np.array([[[-1.0], [1.0]]], dtype=np.float32),
    counts=np.array([[3, 1]], dtype=np.int32),
)


def adjustment(rho: float = 0.0) -> BackdoorAdjustment:
    """Code +1 adds tanh(1), code -1 takes it away, in the only dimension."""
    codes = (np.array([0, 0, -1], dtype=np.int32), np.array([1, 0, -1], dtype=np.int32))
    part = BackdoorAdjustment(1, BOOK, codes, BackdoorSettings(rank=1, rho=rho, cap=1.0), smoothing=1e-6)
    with torch.no_grad():
        part.gamma.fill_(1.0)
        part.basis.fill_(1.0)
    return part


# merit of item 0 is below that of item 1, but item 0 carries the fashionable code
MERIT = torch.tensor([[0.8], [1.0], [0.5]])


def test_naive_ranking_follows_the_confounder_and_the_adjusted_one_merit() -> None:
    user = torch.ones(1)
    naive = adjustment().factual(MERIT) @ user
    adjusted = adjustment().adjusted(MERIT, torch.ones(3)) @ user
    assert naive[0] > naive[1]
    assert adjusted[1] > adjusted[0]


def test_the_folded_table_is_the_exact_sum_over_codes() -> None:
    prior = {1: 0.25, -1: 0.75}
    expected = [sum(p * m * (1 + np.tanh(z)) for z, p in prior.items()) for m in (0.8, 1.0)]
    adjusted = adjustment().adjusted(MERIT, torch.ones(3)).flatten()
    assert np.allclose(adjusted[:2].detach().numpy(), expected, atol=1e-5)


def test_the_gate_mixes_and_an_item_without_code_is_left_alone() -> None:
    part = adjustment()
    half = part.adjusted(MERIT, torch.full((3,), 0.5))
    assert torch.allclose(half, (part.factual(MERIT) + part.adjusted(MERIT, torch.ones(3))) / 2)
    assert torch.equal(part.adjusted(MERIT, torch.zeros(3)), part.factual(MERIT))
    assert part.factual(MERIT)[2] == 0.5
    assert half[2] == 0.5


def test_rho_moves_from_the_cell_to_the_whole_catalogue() -> None:
    book = Codebook(
        coarse=np.array([[-1.0], [1.0]], dtype=np.float32),
        fine=np.zeros((2, 1, 1), dtype=np.float32),
        counts=np.array([[1], [1]], dtype=np.int32),
    )
    inside, overall = code_priors(book, smoothing=1.0)
    assert inside.tolist() == [[1.0], [1.0]]
    assert overall.tolist() == [0.5, 0.5]
    codes = (np.array([0, 1], dtype=np.int32), np.zeros(2, dtype=np.int32))
    for rho, effect in ((0.0, np.tanh(1.0)), (1.0, 0.0), (0.5, np.tanh(1.0) / 2)):
        part = BackdoorAdjustment(1, book, codes, BackdoorSettings(rank=1, rho=rho, cap=1.0), smoothing=1.0)
        with torch.no_grad():
            part.gamma.fill_(1.0)
            part.basis.fill_(1.0)
        table = part.adjusted(torch.ones(2, 1), torch.ones(2)).flatten()
        assert np.allclose(table.detach().numpy(), [1 - effect, 1 + effect], atol=1e-6)


def test_codes_without_items_have_no_probability() -> None:
    book = Codebook(
        coarse=np.zeros((1, 1), dtype=np.float32),
        fine=np.zeros((1, 3, 1), dtype=np.float32),
        counts=np.array([[2, 0, 2]], dtype=np.int32),
    )
    inside, overall = code_priors(book, smoothing=1.0)
    assert inside.tolist() == [[0.5, 0.0, 0.5]]
    assert overall.tolist() == [0.5, 0.0, 0.5]


def test_no_code_changes_a_state_by_more_than_the_cap() -> None:
    part = adjustment()
    part.cap = 0.25
    with torch.no_grad():
        part.gamma.fill_(40.0)
        part.basis.fill_(9.0)
    change = part.factual(MERIT) / MERIT - 1
    assert torch.allclose(change.flatten(), torch.tensor([0.25, -0.25, 0.0]), atol=1e-5)
