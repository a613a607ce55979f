"""The ``causalrec`` command: work that is not a nightly job."""

import argparse
import sys

from rich.console import Console

from causalrec.errors import CausalrecError
from jobs import features, review
from jobs._runner import EXIT_ERROR
from jobs.commands import (
    align,
    bench,
    check,
    decide,
    diff,
    erase,
    explain,
    export,
    init,
    intervene,
    reproduce,
    requeue,
    show,
    simulate,
    status,
    truth,
    tune,
)

COMMANDS = (
    *(init, check, status, show, diff, export, explain, review, decide, requeue, reproduce, erase),
    *(features, align, bench, simulate, intervene, truth, tune),
)


def main(argv: list[str] | None = None) -> int:
    """Run one subcommand; returns the exit status."""
    console = Console()
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.run(arguments, console))
    except CausalrecError as error:
        console.print(f"[bold red]{arguments.command}[/] {error}", highlight=False)
        return EXIT_ERROR


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="causalrec", description=__doc__)
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add_parser(subparsers)
    return parser


if __name__ == "__main__":
    sys.exit(main())
