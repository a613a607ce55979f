"""``causalrec reject``: a version does not become champion, and the history says why."""

from causalrec.registry.promotion.decisions import decide_by_hand
from causalrec.run import open_lake
from jobs._stage.runner import shop_settings
from jobs.commands._shared.decision import person, say
from jobs.commands._shared.options import SettingsFile, Version, Who, Why


def reject(why: Why, version: Version = None, who: Who = "", settings_file: SettingsFile = None) -> int:
    """Record it; the champion stays."""
    settings = shop_settings(settings_file)
    return say(decide_by_hand(settings, open_lake(settings), "reject", person(who, why), version))
