"""``causalrec promote``: a version that passed the gate becomes champion, or is tried first, by hand."""

from typing import Annotated

import typer

from causalrec.registry.promotion.decisions import Answer, decide_by_hand
from causalrec.run import open_lake
from jobs._stage.runner import shop_settings
from jobs.commands._shared.decision import person, say
from jobs.commands._shared.options import SettingsFile, Version, Who, Why

Experiment = Annotated[
    bool, typer.Option("--experiment", help="Not yet: show it to the users of the experiment first.")
]


def promote(
    version: Version = None,
    experiment: Experiment = False,
    why: Why = "",
    who: Who = "",
    settings_file: SettingsFile = None,
) -> int:
    """Move the alias, and print from where to where."""
    settings = shop_settings(settings_file)
    answer: Answer = "try" if experiment else "approve"
    return say(decide_by_hand(settings, open_lake(settings), answer, person(who, why), version))
