"""The ``causalrec`` command. Each command is one file under jobs/commands, imported only when called.

Help, completion and mistyped commands import none of them, since importing all takes seconds.
"""

import functools
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from typer.core import TyperGroup
from typer.main import get_command

from causalrec import __version__
from causalrec.disk import disk_faults_named
from causalrec.errors import CausalrecError
from jobs._terminal.private import private_files
from jobs.commands._shared.many import ManyValues

EXIT_ERROR = 1
OWN = ("causalrec", "jobs")
INSTALL = "install what a night needs: pip install 'causalrec[nightly]'"
START, NIGHTS, LISTS, MODELS, STUDIES = "Start", "Nights", "Lists and users", "Models", "Studies"


@dataclass(frozen=True)
class Command:
    """A command: the function of its name in the file of that name."""

    name: str
    panel: str
    help: str

    @property
    def module(self) -> str:
        """Its module; laboratory commands have their own folder."""
        return f"jobs.commands.{'studies.' if self.panel == STUDIES else ''}{self.name}"


COMMANDS = (
    Command("init", START, "Write a commented settings file for a shop."),
    Command("check", START, "Look at a landing zone before the first night."),
    Command("status", NIGHTS, "What exists for a date, what is stale or missing, and why."),
    Command("plan", NIGHTS, "What a backfill of a range of dates would do."),
    Command("stages", NIGHTS, "The stages of a night, in order."),
    Command("run", NIGHTS, "Run one stage for one date."),
    Command("requeue", NIGHTS, "Retry rejected rows and unread fields after a correction."),
    Command("metrics", NIGHTS, "Gauges for Prometheus: what ran, what it cost, what the monitor says."),
    Command("features", NIGHTS, "Write the page of neighbours, duplicates, drift and failed pictures."),
    Command("show", LISTS, "A user's history and published list, with reasons."),
    Command("explain", LISTS, "Why a user was recommended an item: one score taken apart."),
    Command("rules", LISTS, "What the lists would be under another rules file, and what it costs."),
    Command("site", LISTS, "Write one browsable site of nights, tables, models, people and items."),
    Command("diff", LISTS, "What changed between two published nights."),
    Command("export", LISTS, "Copy a published night to Parquet, PostgreSQL, Redis and Qdrant."),
    Command("erase", LISTS, "Erase a user, an item or a brand in every store, with a receipt."),
    Command("history", MODELS, "Every decision about the champion."),
    Command("review", MODELS, "Write the review page of the challenger."),
    Command("promote", MODELS, "Make a version that passed the gate champion."),
    Command("reject", MODELS, "Reject a version, with a reason."),
    Command("rollback", MODELS, "Make an older version champion again."),
    Command("forget", MODELS, "Make a champion that knows nothing of erased users and items."),
    Command("serve", MODELS, "Answer over HTTP with the champion, on loopback."),
    Command("vectors", MODELS, "Write the scoring tables of a version for numpy."),
    Command("reproduce", MODELS, "Train a registered version again and compare."),
    Command("tune", MODELS, "Choose settings for this shop on validation, in a budget of minutes."),
    Command("align", MODELS, "Train the projections of the lite encoders on the catalogue."),
    Command("bench", STUDIES, "Models against baselines on arrays of your own, in one table."),
    Command("simulate", STUDIES, "Models in simulated shops whose true causes are known."),
    Command("intervene", STUDIES, "Split a bundle anew so that its test does not favour popular items."),
    Command("truth", STUDIES, "Models against the truth of a generated shop."),
)


class Lazy(TyperGroup):
    """A group that knows its commands by name and imports the one that is called."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:  # noqa: ANN401
        """The command named by ``args``, ready to parse the rest."""
        name, known, rest = super().resolve_command(ctx, args)
        return name, known if known is None or name is None else loaded(name), rest


def loaded(name: str) -> Any:  # noqa: ANN401 - typer keeps its command classes to itself
    """The command ``name`` with its options."""
    (known,) = (command for command in COMMANDS if command.name == name)
    function = getattr(import_module(known.module), name)
    alone = typer.Typer(add_completion=False)
    alone.command(name, cls=ManyValues, help=known.help)(_reporting(name, function))
    return get_command(alone)


def _reporting(name: str, function: Callable[..., int]) -> Callable[..., None]:
    """``function`` with its return value as exit status, and errors printed as one line."""

    @functools.wraps(function)
    def run(*arguments: object, **options: object) -> None:
        try:
            with disk_faults_named():
                status = function(*arguments, **options)
        except CausalrecError as error:
            Console().print(f"[bold red]{name}[/] {escape(str(error))}", highlight=False, soft_wrap=True)
            status = EXIT_ERROR
        raise typer.Exit(status)

    return run


def _version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"causalrec {__version__}\n")
        raise typer.Exit


def application() -> typer.Typer:
    """The command line, with only the names and help of its commands."""
    app = typer.Typer(cls=Lazy, name="causalrec", no_args_is_help=True, rich_markup_mode="rich")

    @app.callback(help="Nightly recommendations: look at nights, lists and models, and run what is due.")
    def top(
        version: Annotated[
            bool, typer.Option("--version", help="Show the version.", is_eager=True, callback=_version)
        ] = False,
    ) -> None:
        pass

    for command in COMMANDS:
        app.command(command.name, help=command.help, rich_help_panel=command.panel)(lambda: None)
    return app


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    try:
        with private_files():
            get_command(application()).main(args=argv, prog_name="causalrec")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else EXIT_ERROR if end.code else 0
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] in OWN:
            raise
        line = f"{missing.name} is not installed -> {INSTALL}"
        Console().print(line, style="bold red", markup=False, highlight=False, soft_wrap=True)
        return EXIT_ERROR
    return 0


if __name__ == "__main__":
    sys.exit(main())
