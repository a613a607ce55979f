"""``causalrec promote``: a version that passed the gate becomes champion, by hand."""

from causalrec.registry.promotion.decisions import decide_by_hand
from causalrec.run import open_lake
from jobs._stage.runner import shop_settings
from jobs.commands._shared.decision import person, say
from jobs.commands._shared.options import SettingsFile, Version, Who, Why


def promote(version: Version = None, why: Why = "", who: Who = "", settings_file: SettingsFile = None) -> int:
    """Move the alias, and print from where to where."""
    settings = shop_settings(settings_file)
    return say(decide_by_hand(settings, open_lake(settings), "approve", person(who, why), version))
