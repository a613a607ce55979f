"""``causalrec features``: the page of what the encoders made of the catalogue of a date."""

import argparse
import datetime as dt
import sys

from rich.console import Console
from rich.table import Table

from causalrec.errors import CausalrecError
from causalrec.lake import Lake
from causalrec.report.features.page import feature_page
from causalrec.report.features.summary import Summary
from jobs._runner import EXIT_ERROR, loaded


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The arguments of the command."""
    parser = subparsers.add_parser("features", help="a page of neighbours, duplicates, drift and failures")
    _add_arguments(parser)
    parser.set_defaults(run=run)


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--ds", type=dt.date.fromisoformat, required=True, help="run date YYYY-MM-DD")
    parser.add_argument("--settings", help="TOML file (or CAUSALREC_SETTINGS)")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Write the page, print its numbers and where it lies."""
    settings = loaded(arguments)
    page, summaries = feature_page(settings, Lake(settings.lake_root), arguments.ds)
    console.print(table_of(summaries))
    console.print(f"page: {page}", highlight=False, soft_wrap=True)
    return 0


def table_of(summaries: list[Summary]) -> Table:
    """One line per modality."""
    table = Table(title="features", title_justify="left")
    table.add_column("")
    for name in (
        "contents",
        "without a vector",
        "exact duplicates",
        "near duplicates",
        "same category",
        "drift",
    ):
        table.add_column(name, justify="right")
    for summary in summaries:
        drift = summary.drift.ratio if summary.drift is not None else None
        table.add_row(
            summary.modality.name,
            f"{len(summary.modality.keys):,}",
            f"{summary.modality.missing:,}",
            f"{summary.equal.groups:,}",
            f"{summary.near.groups:,}",
            "" if summary.same_category is None else f"{summary.same_category:.0%}",
            "" if drift is None else f"{drift:.2f} x chance",
        )
    return table


def main(argv: list[str] | None = None) -> int:
    """As a task of the nightly pipeline."""
    parser = argparse.ArgumentParser(prog="python -m jobs.features", description=__doc__)
    _add_arguments(parser)
    console = Console()
    try:
        return run(parser.parse_args(argv), console)
    except CausalrecError as error:
        console.print(f"[bold red]features[/] {error}", highlight=False)
        return EXIT_ERROR


if __name__ == "__main__":
    sys.exit(main())
