"""``causalrec bench``: models against baselines on bench bundles, over seeds, in one table."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from causalrec.code import code_hash
from causalrec.config import Settings, load_settings
from causalrec.dataset.bundle import load_bundle
from causalrec.lab.bench import BenchRow, summarise
from causalrec.lab.bench_page import cells, header, write
from causalrec.lab.cells import Cell, CellResult, data_hash, run_cell
from causalrec.lab.contenders import CAUSAL, CONTENDERS, SEEDLESS, check_overrides, line_up
from causalrec.metrics.ranking import Split
from jobs._tables import Table
from jobs.commands._options import ModelSettings, Seeds, one_of

QUICK_EPOCHS = 6
WIDTH = 120  # of a table that is not written to a wider terminal
OUT = Path(".work/bench")


@dataclass(frozen=True)
class Plan:
    """What was asked for on the command line."""

    models: tuple[str, ...]
    ablations: bool
    reference: str
    seeds: int
    quick: bool
    test: bool
    out: Path


def bench(
    bundles: Annotated[list[Path], typer.Argument(metavar="DIR...", help="Folders that hold train.npy.")],
    models: Annotated[
        list[str] | None,
        typer.Option(
            parser=one_of(CONTENDERS),
            metavar="MODEL",
            help=f"Rows of the table (default: causal and all rivals): {', '.join(CONTENDERS)}.",
        ),
    ] = None,
    ablations: Annotated[
        bool, typer.Option("--ablations", help="Add the causal model with one part changed.")
    ] = False,
    reference: Annotated[str, typer.Option(help="Model that all others are tested against.")] = CAUSAL,
    seeds: Seeds = 1,
    quick: Annotated[
        bool, typer.Option("--quick", help=f"{QUICK_EPOCHS} epochs only, to check that everything runs.")
    ] = False,
    test: Annotated[
        bool, typer.Option("--test", help="Also evaluate on the test split (once, at the end).")
    ] = False,
    settings: ModelSettings = None,
    out: Annotated[Path, typer.Option(help="Folder where results are stored and reused.")] = OUT,
) -> int:
    """Run or reuse every cell, print the table, write markdown and JSON."""
    plan = Plan(tuple(models or ()), ablations, reference, seeds, quick, test, out)
    console, base = Console(), load_settings(settings, os.environ, tuned=False)
    check_overrides(base)
    rows: list[BenchRow] = []
    for folder in bundles:
        rows += _bundle(folder.resolve(), base, plan, console)
    for bundle, split in dict.fromkeys((row.bundle, row.split) for row in rows):
        part = [row for row in rows if (row.bundle, row.split) == (bundle, split)]
        wide = Console(file=console.file, width=max(console.width, WIDTH))
        wide.print(_table(part, f"{bundle}, {split}"))
    facts = {
        "code": code_hash("causalrec.lab.cells"),
        "data": {str(b): data_hash(b.resolve()) for b in bundles},
    }
    files = write(rows, reference, out, facts)
    console.print(f"written: {', '.join(map(str, files))}", highlight=False)
    return 0


def _table(rows: list[BenchRow], title: str) -> Table:
    """One bundle and split; the first two columns are the title, the files have further metrics."""
    table = Table(title=title)
    for number, name in enumerate(header(rows, brief=True)[2:]):
        table.add_column(name, justify="left" if number == 0 else "right")
    for row in rows:
        table.add_row(*cells(row, rows, brief=True)[2:])
    return table


def _bundle(bundle: Path, base: Settings, plan: Plan, console: Console) -> list[BenchRow]:
    splits = _splits(bundle, plan.test, console)
    planned = list(_cells(bundle, base, plan))
    results: list[CellResult] = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(bundle.name, total=len(planned))
        for cell in planned:
            name = f"{bundle.name} {cell.model} seed {cell.seed}"

            def on_epoch(epoch: int, _: object, name: str = name) -> None:
                progress.update(task, description=f"{name} epoch {epoch}")

            progress.update(task, description=name)
            results.append(run_cell(cell, plan.out / "cells", splits, on_epoch))
            progress.advance(task)
    return [row for split in splits for row in summarise(bundle.name, split, results, plan.reference)]


def _splits(bundle: Path, test: bool, console: Console) -> tuple[Split, ...]:
    """Validation always; test where it was asked for and the bundle has anything to test on."""
    data = load_bundle(bundle)
    testable = data.test.shape[1] > 0 or data.random_exposure is not None
    if test and not testable:
        console.print(f"{bundle.name} has no test split: validation only", highlight=False)
    return ("valid", "test") if test and testable else ("valid",)


def _cells(bundle: Path, base: Settings, plan: Plan) -> Iterator[Cell]:
    content = bool(load_bundle(bundle).modalities)
    for contender in line_up(plan.models, ablations=plan.ablations, content=content):
        settings = contender.settings(base)
        for number in range(1 if contender.name in SEEDLESS else plan.seeds):
            training = {"seed": settings.training.seed + number}
            if plan.quick:
                training |= {"epochs": QUICK_EPOCHS, "epochs_unvalidated": QUICK_EPOCHS}
            seeded = settings.training.model_copy(update=training)
            whole = settings.model_copy(update={"training": seeded})
            yield Cell(bundle, whole, contender.name, contender.refuter)
