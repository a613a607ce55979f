"""``causalrec bench``: models against baselines on bench bundles, over seeds, in one table."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from causalrec.code import code_hash
from causalrec.config import Settings, load_settings
from causalrec.dataset.bundle import load_bundle
from causalrec.dataset.temporal import has_days, temporal
from causalrec.errors import TrainingError
from causalrec.lab.benchmark.cells import Cell, CellResult, data_hash, run_cell
from causalrec.lab.benchmark.contenders import CAUSAL, CONTENDERS, SEEDLESS, check_overrides, line_up
from causalrec.lab.benchmark.page import cells, header, write
from causalrec.lab.benchmark.peeks import looks_at, told
from causalrec.lab.benchmark.summary import BenchRow, summarise
from causalrec.lab.tuning.row import tuned
from causalrec.metrics.ranking import Split
from jobs._terminal.tables import Table
from jobs.commands._shared.options import ModelSettings, Seeds, a_path, one_of

CELLS = "cells"  # folder of results under --out
QUICK_EPOCHS = 6
WIDTH = 120  # of a table that is not written to a wider terminal
OUT = Path(".work/bench")


@dataclass(frozen=True)
class Plan:
    """The arguments of the command line."""

    models: tuple[str, ...]
    ablations: bool
    reference: str
    seeds: int
    quick: bool
    test: bool
    tune: float
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
    tune: Annotated[
        float,
        typer.Option(
            min=0,
            metavar="MINUTES",
            help="Tune every row that learns on validation first, each for as long (0: defaults).",
        ),
    ] = 0.0,
    settings: ModelSettings = None,
    out: Annotated[
        Path,
        typer.Option(parser=a_path, metavar="FOLDER", help="Folder where results are stored and reused."),
    ] = OUT,
) -> int:
    """Run or reuse every cell, print the table, write markdown and JSON."""
    plan = Plan(tuple(models or ()), ablations, reference, seeds, quick, test, tune, out)
    console, base = Console(), load_settings(settings, os.environ, tuned=False)
    check_overrides(base)
    rows: list[BenchRow] = []
    for folder in bundles:
        for late in (False, True) if has_days(folder) else (False,):
            rows += _bundle(folder.resolve(), base, plan, console, late=late)
    if not rows:
        raise TrainingError(
            f"none of {', '.join(plan.models)} can be trained here: the order of the pairs is unknown",
            do="use data with dates: a dataset of the shop, or a bundle with purchase_days.csv",
        )
    for bundle, split in dict.fromkeys((row.bundle, row.split) for row in rows):
        part = [row for row in rows if (row.bundle, row.split) == (bundle, split)]
        wide = Console(file=console.file, width=max(console.width, WIDTH))
        wide.print(_table(part, f"{bundle}, {split}"))
    for folder in bundles if test else ():
        looks = told(looks_at(out / CELLS, data_hash(folder.resolve())))
        console.print(f"{folder.name}: {looks}", highlight=False, soft_wrap=True)
    facts = {
        "code": code_hash("causalrec.lab.benchmark.cells"),
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


def _bundle(bundle: Path, base: Settings, plan: Plan, console: Console, *, late: bool) -> list[BenchRow]:
    """The rows of one bundle; ``late`` for its temporal split, which has no test part."""
    splits = ("valid",) if late else _splits(bundle, plan.test, console)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    results: list[CellResult] = []
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(bundle.name, total=None)

        def show(text: str) -> None:
            progress.update(task, description=f"{bundle.name} {text}")

        planned = list(_cells(bundle, base, plan, late, show))
        left = sorted(set(plan.models) - {cell.model for cell in planned})
        if left:
            where = f"{bundle.name}, {'temporal' if late else 'random'} split"
            told = f"{where}: without {', '.join(left)}, which needs the times of the pairs"
            progress.console.print(told, highlight=False, soft_wrap=True)
        progress.update(task, total=len(planned))
        for cell in planned:
            name = f"{cell.model} seed {cell.seed}"

            def on_epoch(epoch: int, _: object, name: str = name) -> None:
                show(f"{name} epoch {epoch}")

            show(name)
            results.append(run_cell(cell, plan.out / CELLS, splits, on_epoch))
            progress.advance(task)
    title = f"{bundle.name}, temporal" if late else bundle.name
    return [row for split in splits for row in summarise(title, split, results, plan.reference)]


def _splits(bundle: Path, test: bool, console: Console) -> tuple[Split, ...]:
    """Always validation; test if requested and the bundle has test pairs."""
    data = load_bundle(bundle)
    testable = data.test.shape[1] > 0 or data.random_exposure is not None
    if test and not testable:
        console.print(f"{bundle.name} has no test split: validation only", highlight=False)
    return ("valid", "test") if test and testable else ("valid",)


def _cells(
    bundle: Path, base: Settings, plan: Plan, late: bool, show: Callable[[str], None]
) -> Iterator[Cell]:
    data = load_bundle(bundle)
    data = temporal(data, bundle) if late else data
    rows = line_up(
        plan.models,
        ablations=plan.ablations,
        content=bool(data.modalities),
        dated=data.times is not None,
    )
    for contender in rows:
        settings = contender.settings(base)
        if plan.tune:
            storage = plan.out / "tuning.db"
            settings = tuned(contender, base, data, plan.tune, storage, show)
        for number in range(1 if contender.name in SEEDLESS else plan.seeds):
            training = {"seed": settings.training.seed + number}
            if plan.quick:
                training |= {"epochs": QUICK_EPOCHS, "epochs_unvalidated": QUICK_EPOCHS}
            seeded = settings.training.model_copy(update=training)
            whole = settings.model_copy(update={"training": seeded})
            yield Cell(bundle, whole, contender.name, contender.refuter, late)
