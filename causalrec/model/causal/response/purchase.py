"""Ranks by the probability of a purchase instead of a response: the response model with a front door."""

from dataclasses import replace

from causalrec.config.response import ResponseSettings
from causalrec.dataset.arrays import Interactions, Looks
from causalrec.model.causal.mediator import Mediator, brand_groups, fit_mediator, row_logits
from causalrec.model.causal.mediator_worth import front_door_worth
from causalrec.model.causal.response.newcomers import UserPrior
from causalrec.model.causal.response.part import ResponsePart
from causalrec.model.worth import ModuleWorth

USED = "front_door/used"  # 0: no purchase after a look was logged, so lists are still ranked by response


def worth_of_front_door(
    part: ResponsePart, data: Interactions, settings: ResponseSettings
) -> tuple[ModuleWorth, ...]:
    """The gain of the adjustment for the purchase head; empty if too little was shown at random to tell.

    It is kept only if lists are ranked by purchases; other lists do not use it.
    """
    if data.looks is None:
        return ()
    row = front_door_worth(data.looks, part.users, part.items, brand_groups(data))
    return () if row is None else (replace(row, kept=settings.order == "purchase"),)


def by_purchase(part: ResponsePart, looks: Looks, data: Interactions) -> ResponsePart:
    """``part`` with tables that rank by P(buy | do(show)); unchanged if no depth of response was logged.

    New items get the average item's effect on buying.
    """
    logits = row_logits(looks, part.users, part.items)
    mediator = fit_mediator(looks, logits, brand_groups(data), data.n_items)
    if mediator is None:
        return replace(part, findings={**part.findings, USED: 0.0})
    users, items = mediator.tables(part.users, part.items)
    return replace(
        part,
        users=users,
        items=items,
        prior=UserPrior.fit(users),
        map=part.map.widened(),
        findings={**part.findings, **_findings(mediator)},
    )


def _findings(mediator: Mediator) -> dict[str, float]:
    spread = {f"front_door/{name}_sd": value for name, value in mediator.spread.items()}
    return {USED: 1.0, "front_door/slope": mediator.slope, **spread}
