"""What nobody has looked at says nothing about coefficients and scales."""

from dataclasses import replace

import torch

from causalrec.model.causal.response.design import Design
from causalrec.model.causal.response.draws import Draws
from causalrec.model.causal.response.priors import ItemPrior, Scales

BRANDS = torch.tensor([0, 0, 1, 1, 2, 2])
MET = torch.tensor([0, 1, 2, 3])  # no item of the third brand has a look
DIM = 2


def drawn(merit: torch.Tensor, demand: torch.Tensor) -> tuple[ItemPrior, Scales]:
    design = Design(torch.arange(6.0, dtype=torch.float64)[:, None] / 6, (BRANDS,), (3,))
    prior = ItemPrior.start(design, DIM, MET)
    scales, draws = Scales.start(DIM, 2, design.content), Draws(3, torch.device("cpu"))
    prior.draw(merit, demand, scales, draws.normal)
    users = torch.ones(4, DIM, dtype=torch.float64), torch.ones(4, dtype=torch.float64)
    prior.draw_scales(scales, (*users, merit, demand), draws.precision)
    return prior, scales


def test_coefficients_and_scales_do_not_follow_made_up_states_of_unmet_items() -> None:
    merit, demand = torch.ones(6, DIM, dtype=torch.float64), torch.arange(6.0, dtype=torch.float64)
    far = torch.tensor([0.0, 0, 0, 0, 50, -70], dtype=torch.float64)
    prior, scales = drawn(merit, demand)
    other, others = drawn(merit + far[:, None], demand + far)
    assert torch.equal(prior.map, other.map)
    assert torch.equal(prior.effects, other.effects)
    assert all(torch.equal(value, getattr(others, name)) for name, value in vars(scales).items())


def test_the_effect_of_a_level_without_looks_is_a_draw_from_its_prior() -> None:
    merit, demand = torch.zeros(6, DIM, dtype=torch.float64), torch.full((6,), 9.0, dtype=torch.float64)
    found, seen = [], []
    for seed in range(400):
        design = Design(torch.zeros(6, 0, dtype=torch.float64), (BRANDS,), (3,))
        prior = ItemPrior.start(design, DIM, MET)
        scales = replace(Scales.start(DIM, 2, design.content), demand=torch.tensor(4.0, dtype=torch.float64))
        prior.draw(merit, demand, scales, Draws(seed, torch.device("cpu")).normal)
        found.append(float(prior.effects[2]))
        seen.append(float(prior.effects[0]))
    values = torch.tensor(found)
    assert abs(float(values.mean())) < 0.15
    assert 0.9 < float(values.std()) < 1.1
    assert abs(float(torch.tensor(seen).mean()) - 8.0) < 0.1  # 2 items, precision 4: 8 * 9 / (8 + 1)
