"""``causalrec rollback``: an older version becomes champion again."""

from typing import Annotated

import typer

from causalrec.registry.promotion.decisions import roll_back
from causalrec.run import open_lake
from jobs._stage.runner import shop_settings
from jobs.commands._shared.decision import person, say
from jobs.commands._shared.options import SettingsFile, Who, Why


def rollback(
    why: Why,
    to: Annotated[
        str | None, typer.Option(metavar="VERSION", help="Version (default: the previous champion).")
    ] = None,
    who: Who = "",
    settings_file: SettingsFile = None,
) -> int:
    """Move the alias back, and print from where to where."""
    settings = shop_settings(settings_file)
    return say(roll_back(settings, open_lake(settings), person(who, why), to))
