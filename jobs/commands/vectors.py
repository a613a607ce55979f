"""``causalrec vectors``: the scoring tables of a version as two files that numpy alone can read."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from causalrec.registry.champion.alias import asked_version
from causalrec.registry.scoring_tables import HEADER, TENSORS, write_scoring_tables
from causalrec.registry.store import guarded
from causalrec.registry.versions import PACKAGE_HASH, opened
from causalrec.run import open_lake
from jobs._stage.runner import shop_settings
from jobs.commands._shared.options import SettingsFile, a_path


def vectors(
    folder: Annotated[
        Path, typer.Argument(parser=a_path, metavar="FOLDER", help="Where the two files are written.")
    ],
    version: Annotated[
        str | None, typer.Option("--version", metavar="NUMBER", help="Version (default: the champion).")
    ] = None,
    market: Annotated[
        str, typer.Option("--market", metavar="NAME", help="Whose items (default: the home market).")
    ] = "",
    settings_file: SettingsFile = None,
) -> int:
    """Write both files and say what the reader has to do beyond multiplying."""
    settings, console = shop_settings(settings_file), Console()
    with guarded(settings):
        found = asked_version(settings, open_lake(settings), version)
    origin = {"model": found.name, "version": found.version, "package": found.tags.get(PACKAGE_HASH, "")}
    with opened(found) as package:
        header = write_scoring_tables(package, folder, origin, market)
    console.print(
        f"{folder / TENSORS} and {HEADER}: version {found.version}, {header['users']:,} users, "
        f"{header['items']:,} items, {header['dim']} numbers each",
        highlight=False,
        soft_wrap=True,
    )
    if header["not_applied"]:
        console.print(
            f"not in the vectors: {', '.join(header['not_applied'])}", highlight=False, soft_wrap=True
        )
    return 0
