"""``causalrec review``: rewrites the page of the stage of that name."""

from causalrec.run import open_run
from jobs._stage.runner import run, shop_settings
from jobs._terminal.progress import Terminal
from jobs.commands._shared.options import RunDate, SettingsFile
from jobs.review import JOB


def review(ds: RunDate, settings_file: SettingsFile = None) -> int:
    """Write it, whether or not anything has changed since the last time."""
    run(JOB, open_run(shop_settings(settings_file), ds, Terminal(), force=True))
    return 0
