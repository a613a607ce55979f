"""``causalrec site``: one browsable site over everything that the nights of a shop left behind."""

import datetime as dt

from rich.console import Console

from causalrec.report.site.write import write_site
from causalrec.run import open_run
from jobs._stage.runner import shop_settings
from jobs.commands._shared.options import SettingsFile


def site(settings_file: SettingsFile = None) -> int:
    """Write it anew, replacing the one before."""
    console, shop = Console(), open_run(shop_settings(settings_file), dt.date.min)
    found = write_site(shop.settings, shop.lake, shop.ledger.rows())
    held = (
        f"{found.people:,} of {found.users:,} users"
        if found.people < found.users
        else f"{found.users:,} users"
    )
    told = f"{held} and {found.items:,} items of {found.ds}; {found.pages:,} pages of earlier runs"
    console.print(told, highlight=False, soft_wrap=True)
    console.print(f"page: {found.page}", markup=False, highlight=False, soft_wrap=True)
    return 0
