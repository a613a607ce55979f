"""``causalrec metrics``: the state of a shop as gauges for Prometheus."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from causalrec.errors import SettingsError
from causalrec.lake import Ledger
from causalrec.monitoring.gauges import exposition, gauges
from causalrec.run import open_lake
from jobs._stage.runner import shop_settings
from jobs.commands._shared.options import SettingsFile, a_path


def metrics(
    file: Annotated[
        Path | None,
        typer.Option(
            "--file",
            parser=a_path,
            metavar="FILE.prom",
            help="Replace this file in one step, for the textfile collector (default: print).",
        ),
    ] = None,
    settings_file: SettingsFile = None,
) -> int:
    """Text in the exposition format."""
    settings = shop_settings(settings_file)
    lake = open_lake(settings)
    text = exposition(gauges(lake, Ledger(lake)), settings.shop)
    if file is None:
        sys.stdout.write(text)
    else:
        _replace(file, text)
    return 0


def _replace(file: Path, text: str) -> None:
    """A collector sees the old file or the new one. It reads names that end in .prom, so not the draft."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(file)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise SettingsError(
            f"{file} cannot be written: {error}", do="name a file in a folder that exists"
        ) from error
