"""Arguments and options that several commands have."""

import datetime as dt
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Annotated, Literal

import typer

from causalrec.config import written_path
from causalrec.errors import SettingsError

Alias = Literal["champion", "challenger"]


def day(text: str) -> dt.date:
    """A date as people write it on a command line.

    Raises:
        BadParameter: it is not a date.
    """
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not a date: write YYYY-MM-DD") from error


def a_path(text: str | Path) -> Path:
    """A path with ``~`` replaced, which shells leave alone in ``--page=~/check.html``.

    Raises:
        BadParameter: it holds a variable, or names an unknown user.
    """
    try:
        return written_path(text)
    except SettingsError as error:
        raise typer.BadParameter(str(error)) from error


def one_of(names: Collection[str]) -> Callable[[str], str]:
    """A parser that accepts only ``names``, and lists them otherwise."""

    def parse(text: str) -> str:
        if text not in names:
            raise typer.BadParameter(f"{text!r} is not one of {', '.join(names)}")
        return text

    return parse


DAY = "YYYY-MM-DD"
SettingsFile = Annotated[
    str | None,
    typer.Option("--settings", envvar="CAUSALREC_SETTINGS", metavar="FILE", help="TOML file of the shop."),
]
RunDate = Annotated[dt.date, typer.Option("--ds", parser=day, metavar=DAY, help="Run date.")]
PublishedDate = Annotated[
    dt.date | None,
    typer.Option("--ds", parser=day, metavar=DAY, help="Run date (default: the newest published)."),
]
User = Annotated[str, typer.Argument(metavar="USER", help="User id.")]
Json = Annotated[bool, typer.Option("--json", help="Everything as JSON, for scripts.")]
Seeds = Annotated[int, typer.Option("--seeds", min=1, help="Number of seeds.")]
ModelSettings = Annotated[
    Path | None,
    typer.Option(
        "--settings", parser=a_path, metavar="FILE", help="TOML file with \\[model] and \\[training]."
    ),
]
Why = Annotated[str, typer.Option("--why", help="Reason, shown in the history.")]
Who = Annotated[str, typer.Option("--who", help="Who decides (default: the user name on this machine).")]
Version = Annotated[
    str | None, typer.Argument(metavar="[VERSION]", help="Number of the version (default: the challenger).")
]
