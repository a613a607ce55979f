"""Write the page of a night and print its summary."""

import argparse
import datetime as dt
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from causalrec.config import Settings
from causalrec.dataset.load import load_dataset
from causalrec.errors import CausalrecError
from causalrec.lake import Lake, Ledger
from causalrec.registry.store import connect, store_exists
from causalrec.registry.versions import by_alias, opened
from causalrec.report.night import Metrics, Night, read_night
from causalrec.report.nightly import nightly_page
from causalrec.report.truth import TruthLine
from jobs._pipeline import NIGHTLY
from jobs._runner import EXIT_ERROR, loaded
from jobs._truth import truth_lines, truth_table


def main(argv: list[str] | None = None) -> int:
    """One page, one table per question people have in the morning."""
    parser = argparse.ArgumentParser(prog="python -m jobs.report", description=__doc__)
    parser.add_argument("--ds", type=dt.date.fromisoformat, required=True, help="run date YYYY-MM-DD")
    parser.add_argument("--settings", help="TOML file (or CAUSALREC_SETTINGS)")
    arguments, console = parser.parse_args(argv), Console()
    try:
        settings = loaded(arguments)
        lake = Lake(settings.lake_root, settings.lake)
        night = read_night(settings, lake, Ledger(lake), arguments.ds, NIGHTLY)
        truth = _truth(settings, lake, arguments.ds, console)
        page = nightly_page(settings, lake, night, truth)
    except CausalrecError as error:
        console.print(f"[bold red]report[/] {error}", highlight=False)
        return EXIT_ERROR
    console.print(tables_of(night))
    if night.metrics is not None:
        console.print(metrics_of(night.metrics))
    if truth:
        console.print(truth_table(truth))
    console.print(f"page: {page}", highlight=False, soft_wrap=True)
    return 0


def _truth(settings: Settings, lake: Lake, ds: dt.date, console: Console) -> tuple[TruthLine, ...]:
    """The champion against the truth of the shop, where there is one to compare."""
    if settings.source.kind != "demo" or not store_exists(settings):
        return ()
    champion = by_alias(connect(settings), settings, "champion")
    if champion is None:
        return ()
    with opened(champion) as package:
        dataset = load_dataset(settings, lake, ds)
        return truth_lines(settings, dataset, {f"champion (version {champion.version})": package}, console)


def tables_of(night: Night) -> Table:
    """Rows in, out and rejected, seconds and location per table."""
    table = Table(title=f"night of {night.ds}", title_justify="left")
    for name in ("job", "table", "rows in", "rows out", "rejected", "seconds", "where"):
        right = name in ("rows in", "rows out", "rejected", "seconds")
        table.add_column(name, justify="right" if right else "left", overflow="fold")
    for line in night.lines:
        where = f"{_short(line.location)} @ {line.version}" if line.version is not None else line.status
        numbers = [f"{n:,}" if n else "" for n in (line.rows_in, line.rows_out, line.rejected)]
        table.add_row(line.job, line.table, *numbers, f"{line.seconds:.1f}" if line.seconds else "", where)
    return table


def metrics_of(metrics: Metrics) -> Table:
    """The model against its baselines."""
    title = f"version {metrics.version} against baselines ({metrics.split} split, {metrics.evaluated_on})"
    table = Table(title=title, title_justify="left")
    table.add_column("model")
    for name in metrics.names:
        table.add_column(name, justify="right")
    for line in metrics.models:
        values = [f"{line.values[name]:.4f}" if name in line.values else "" for name in metrics.names]
        table.add_row(line.model, *values)
    return table


def _short(location: str) -> str:
    """Relative to the current folder where it lies below it."""
    path = Path(location)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else location


if __name__ == "__main__":
    sys.exit(main())
