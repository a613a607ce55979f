"""The fitted response model of a shop: tables of logit and content effect, and what newcomers need."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy.typing as npt
import torch
from torch import Tensor

from causalrec.config.response import ResponseSettings
from causalrec.dataset.arrays import Floats, Looks
from causalrec.errors import TrainingError
from causalrec.model.causal.cold import under
from causalrec.model.causal.response.average import AveragedProduct
from causalrec.model.causal.response.design import Design, content_columns
from causalrec.model.causal.response.edges import preference_chances
from causalrec.model.causal.response.last_draw import LastDraw
from causalrec.model.causal.response.looked import Looked
from causalrec.model.causal.response.newcomers import ItemMap, UserPrior
from causalrec.model.causal.response.rows import LookRows, look_rows
from causalrec.model.causal.response.sampler import Sampler, State
from causalrec.model.causal.response.threads import few_threads
from causalrec.model.content import Whitening, read_content

TABLES = ("users", "items", "content_users", "content_items")
WHITENING = tuple(field.name for field in fields(Whitening))


@dataclass(frozen=True)
class ResponsePart:
    """Posterior means.

    Attributes:
        users, items: float32 (U, c), (N, c), whose product is the logit of a response to a look.
        content_users, content_items: the same for the match of taste and merit alone, without demand.
        prior: of the state of a user. map: from content to item states. whitenings: of the content.
        looked: the evidence per user.
        findings: numbers about the observation, for the report of a run.
        last: start of a fit without some of the users or items; None in models of older code.
    """

    users: Floats
    items: Floats
    content_users: Floats
    content_items: Floats
    prior: UserPrior
    map: ItemMap
    whitenings: Mapping[str, Whitening]
    looked: Looked
    findings: Mapping[str, float]
    last: LastDraw | None = None

    def item_states(self, modalities: Mapping[str, Floats], rows: int, width: int) -> Floats:
        """States (n, c) of items known only by their content; the average item's without content."""
        content = read_content(self.whitenings, modalities, rows)
        return self.map.states(content_columns(content, width))

    def pack(self) -> tuple[dict[str, npt.NDArray[Any]], dict[str, Any]]:
        """Arrays and facts for a saved model."""
        arrays: dict[str, npt.NDArray[Any]] = {name: getattr(self, name) for name in TABLES}
        arrays |= {f"looked.{name}": value for name, value in vars(self.looked).items()}
        arrays |= {f"prior.{name}": value for name, value in vars(self.prior).items()}
        arrays |= {f"map.{name}": value for name, value in vars(self.map).items()}
        arrays |= {f"last.{name}": value for name, value in (self.last.pack() if self.last else {}).items()}
        for name, whitening in self.whitenings.items():
            arrays |= {f"white.{name}.{part}": getattr(whitening, part) for part in WHITENING}
        return arrays, {"modalities": list(self.whitenings), "findings": dict(self.findings)}

    @staticmethod
    def unpack(arrays: Mapping[str, npt.NDArray[Any]], facts: Mapping[str, Any]) -> "ResponsePart":
        """The inverse of :meth:`pack`."""
        prior = UserPrior(**{name: arrays[f"prior.{name}"] for name in ("precision", "mean")})
        item_map = ItemMap(**{name: arrays[f"map.{name}"] for name in ("weights", "mean")})
        whitenings = {
            name: Whitening(*(arrays[f"white.{name}.{part}"] for part in WHITENING))
            for name in facts["modalities"]
        }
        looked = Looked.unpack(under("looked.", arrays))
        users, items, content_users, content_items = (arrays[name] for name in TABLES)
        return ResponsePart(
            users, items, content_users, content_items, prior, item_map, whitenings, looked,
            dict(facts["findings"]), LastDraw.unpack(under("last.", arrays)),
        )  # fmt: skip


def fit_response(
    looks: Looks,
    shape: tuple[int, int],
    design: Design,
    whitenings: Mapping[str, Whitening],
    settings: ResponseSettings,
    seed: int,
    on_sweep: Callable[[int, float], None] = lambda number, base: None,
    start: LastDraw | None = None,
) -> ResponsePart:
    """Fits the model to ``looks`` of ``shape`` users and items, on the device of ``design``.

    Args:
        start: the last draw of a fit to nearly the same looks; then fewer sweeps suffice.

    Raises:
        TrainingError: there are no looks, or the model diverged.
    """
    if looks.count.size == 0:
        raise TrainingError("no looks to learn from", do="fit the model to the pairs: model.response.enabled")
    rows = look_rows(looks, *shape, settings.half_life, design.content.device)
    sampler = Sampler(rows, design, settings, seed)
    if start is not None:
        start.resume(sampler)
    response, match = AveragedProduct(settings.columns), AveragedProduct(settings.columns)

    def keep(state: State) -> None:
        ones_u, ones_i = torch.ones_like(state.bias), torch.ones_like(state.demand)
        own = torch.cat([state.taste, (state.bias + state.base)[:, None], ones_u[:, None]], dim=1)
        other = torch.cat([state.merit, ones_i[:, None], state.demand[:, None]], dim=1)
        response.add(own, other)
        match.add(state.taste, without_demand(state.merit, sampler.prior.demand()))

    with few_threads(looks.count.size):
        sampler.run(keep, on_sweep)
    users, items = response.tables()
    columns = design.content.float().cpu().numpy()
    item_map = ItemMap.fit(columns, items, float(sampler.scales.map))
    content_users, content_items = match.tables()
    return ResponsePart(
        users, items, content_users, content_items, UserPrior.fit(users), item_map, whitenings,
        _looked(rows, sampler, (users, items)), _findings(sampler), LastDraw.of(sampler),
    )  # fmt: skip


def without_demand(merit: Tensor, demand: Tensor) -> Tensor:
    """Merit (N, d) without its linear part in the demand (N,) of items' codes.

    That part is how users differ in following demand (sensitivity times demand), which belongs to the code.
    """
    centred = demand - demand.mean()
    power = centred.square().sum()
    if not bool(power > 0):
        return merit
    return merit - centred[:, None] * (centred @ merit / power)


def _looked(rows: LookRows, sampler: Sampler, tables: tuple[Floats, Floats]) -> Looked:
    side, looks = rows.by_user, rows.per_pair(rows.count)
    users, items = (torch.as_tensor(table, device=rows.users.device).double() for table in tables)
    logits = (users[rows.users] * items[rows.items]).sum(dim=1)
    meant = sampler.observation.meant(rows, logits)
    responses, preference = rows.per_pair(meant), preference_chances(rows, meant)
    return Looked(
        side.start.cpu().numpy(),
        side.other.to(torch.int32).cpu().numpy(),
        looks[side.order].float().cpu().numpy(),
        responses[side.order].float().cpu().numpy(),
        preference[side.order].float().cpu().numpy(),
    )


def _findings(sampler: Sampler) -> dict[str, float]:
    observed, scales = sampler.observation, sampler.scales
    facts = {
        "response/accidents": observed.accident,
        "response/items_without_looks": float(len(sampler.rows.by_item) - len(sampler.prior.met)),
        "response/least_examined": float(observed.examined.min()),
        "response/demand_sd": float(scales.demand.rsqrt()),
        "response/taste_sd": float((1 / scales.taste).mean().sqrt()),
    }
    return facts | {f"response/slope_{step + 1}": float(slope) for step, slope in enumerate(observed.slope)}
