"""``causalrec promote``, ``reject``, ``rollback`` and ``history``: decisions about the champion by hand."""

import argparse
import getpass
from collections.abc import Callable

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from causalrec.config import Settings
from causalrec.lake import Lake
from causalrec.registry.alias import settled
from causalrec.registry.decisions import Answer, Decided, Person, decide_by_hand, roll_back
from causalrec.registry.promotions import decisions
from causalrec.run import open_lake
from jobs._runner import loaded

WORDS = {"promoted": "is champion now", "rejected": "is rejected", "rolled_back": "is champion again"}


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The arguments of the four commands."""
    promote = subparsers.add_parser("promote", help="make a version that passed the gate champion")
    promote.add_argument("version", nargs="?", help="default: the challenger")
    promote.set_defaults(run=_answers("approve"))
    reject = subparsers.add_parser("reject", help="reject a version, with a reason")
    reject.add_argument("version", nargs="?", help="default: the challenger")
    reject.set_defaults(run=_answers("reject"))
    rollback = subparsers.add_parser("rollback", help="make an older version champion again")
    rollback.add_argument("--to", metavar="VERSION", help="default: the previous champion")
    rollback.set_defaults(run=rollback_command)
    for command in (promote, reject, rollback):
        command.add_argument(
            "--why", required=command is not promote, default="", help="reason, shown in the history"
        )
        command.add_argument("--who", default="", help="who decides (default: the user name on this machine)")
    history = subparsers.add_parser("history", help="every decision about the champion")
    history.set_defaults(run=history_command)
    for command in (promote, reject, rollback, history):
        command.add_argument("--settings", help="TOML file of the shop (or CAUSALREC_SETTINGS)")


def _answers(answer: Answer) -> Callable[[argparse.Namespace, Console], int]:
    """The command that says ``answer`` of a version."""

    def command(arguments: argparse.Namespace, console: Console) -> int:
        settings, lake = _shop(arguments)
        return _say(decide_by_hand(settings, lake, answer, _person(arguments), arguments.version), console)

    return command


def rollback_command(arguments: argparse.Namespace, console: Console) -> int:
    """Move the alias back, say from where to where."""
    settings, lake = _shop(arguments)
    return _say(roll_back(settings, lake, _person(arguments), arguments.to), console)


def history_command(arguments: argparse.Namespace, console: Console) -> int:
    """One line per decision, newest first. One that its own process did not finish is finished first."""
    settings, lake = _shop(arguments)
    if (late := settled(settings, lake)) is not None:
        said = f"version {late.version} {late.word.replace('_', ' ')} by {late.who}"
        line = f"completed an interrupted decision: {said}"
        console.print(line, style="yellow", highlight=False, markup=False)
    table = Table(title="decisions about the champion", title_justify="left")
    for column in ("at (UTC)", "decision", "version", "champion before", "data of", "who", "why"):
        table.add_column(column)
    for row in reversed(decisions(lake)):
        values = (
            f"{row.at:%Y-%m-%d %H:%M:%S}", row.word, row.version, row.before or "none", str(row.ds),
            row.who, row.why,
        )  # fmt: skip
        table.add_row(*(escape(value) for value in values))
    console.print(table)
    return 0


def _shop(arguments: argparse.Namespace) -> tuple[Settings, Lake]:
    settings = loaded(arguments)
    return settings, open_lake(settings)


def _person(arguments: argparse.Namespace) -> Person:
    return Person(arguments.who or getpass.getuser(), arguments.why)


def _say(decision: Decided, console: Console) -> int:
    moved = f"champion: {decision.before or 'none'} -> {decision.champion or 'none'}"
    console.print(f"version {decision.version} {WORDS[decision.word]} ({moved})", highlight=False)
    return 0
