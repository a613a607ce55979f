"""``causalrec bench``: models against baselines on bench bundles, over seeds, in one table."""

import argparse
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from causalrec.code import code_hash
from causalrec.config import Settings, load_settings
from causalrec.dataset.bundle import load_bundle
from causalrec.dataset.temporal import has_days, temporal
from causalrec.errors import SettingsError
from causalrec.lab.bench import BenchRow, summarise
from causalrec.lab.bench_page import cells, header, write
from causalrec.lab.cells import Cell, CellResult, data_hash, run_cell
from causalrec.lab.contenders import CAUSAL, CONTENDERS, SEEDLESS, check_overrides, line_up
from causalrec.lab.peeks import looks_at, told
from causalrec.lab.tune_row import tuned
from causalrec.metrics.ranking import Split

CELLS = "cells"  # folder of results under --out
QUICK_EPOCHS = 6
WIDTH = 120  # of a table that is not written to a wider terminal
OUT = Path(".work/bench")


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The arguments of the command."""
    parser = subparsers.add_parser("bench", help="models against baselines on bench bundles, in one table")
    parser.add_argument("bundles", nargs="+", type=Path, metavar="DIR", help="folders that hold train.npy")
    parser.add_argument(
        "--models",
        nargs="+",
        choices=CONTENDERS,
        default=[],
        metavar="MODEL",
        help=f"rows of the table (default: causal and all rivals); choose from {', '.join(CONTENDERS)}",
    )
    parser.add_argument("--ablations", action="store_true", help="add the causal model with one part changed")
    parser.add_argument("--reference", default=CAUSAL, help="model that all others are tested against")
    parser.add_argument("--seeds", type=int, default=1, help="number of seeds (closed forms run once)")
    parser.add_argument(
        "--quick", action="store_true", help=f"{QUICK_EPOCHS} epochs only, to check that everything runs"
    )
    parser.add_argument(
        "--test", action="store_true", help="also evaluate on the test split (once, at the end)"
    )
    parser.add_argument(
        "--tune",
        type=float,
        default=0.0,
        metavar="MINUTES",
        help="tune every row that learns on validation first, each for as long (0: defaults)",
    )
    parser.add_argument(
        "--settings", type=Path, help="TOML file with [model], [training] and [bench.variants.MODEL]"
    )
    parser.add_argument("--out", type=Path, default=OUT, help="folder where results are stored and reused")
    parser.set_defaults(run=bench)


def bench(arguments: argparse.Namespace, console: Console) -> int:
    """Run or reuse every cell, print the table, write markdown and JSON."""
    if arguments.seeds < 1:
        raise SettingsError(f"--seeds {arguments.seeds}", do="use at least one seed")
    base = load_settings(arguments.settings, os.environ, tuned=False)
    check_overrides(base)
    rows: list[BenchRow] = []
    for bundle in arguments.bundles:
        for late in (False, True) if has_days(bundle) else (False,):
            rows += _bundle(bundle.resolve(), base, arguments, console, late=late)
    for bundle, split in dict.fromkeys((row.bundle, row.split) for row in rows):
        part = [row for row in rows if (row.bundle, row.split) == (bundle, split)]
        wide = Console(file=console.file, width=max(console.width, WIDTH))
        wide.print(_table(part, f"{bundle}, {split}"))
    for bundle in arguments.bundles if arguments.test else ():
        looks = told(looks_at(arguments.out / CELLS, data_hash(bundle.resolve())))
        console.print(f"{bundle.name}: {looks}", highlight=False, soft_wrap=True)
    facts = {
        "code": code_hash("causalrec.lab.cells"),
        "data": {str(b): data_hash(b.resolve()) for b in arguments.bundles},
    }
    files = write(rows, arguments.reference, arguments.out, facts)
    console.print(f"written: {', '.join(map(str, files))}", highlight=False)
    return 0


def _table(rows: list[BenchRow], title: str) -> Table:
    """One bundle and split; the first two columns are the title, the files have further metrics."""
    table = Table(title=title, title_justify="left")
    for number, name in enumerate(header(rows, brief=True)[2:]):
        table.add_column(name, justify="left" if number == 0 else "right")
    for row in rows:
        table.add_row(*cells(row, rows, brief=True)[2:])
    return table


def _bundle(
    bundle: Path, base: Settings, arguments: argparse.Namespace, console: Console, *, late: bool
) -> list[BenchRow]:
    """The rows of one bundle; ``late`` for its temporal split, which has no test part."""
    splits = ("valid",) if late else _splits(bundle, arguments.test, console)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    results: list[CellResult] = []
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(bundle.name, total=None)

        def show(text: str) -> None:
            progress.update(task, description=f"{bundle.name} {text}")

        planned = list(_cells(bundle, base, arguments, late, show))
        progress.update(task, total=len(planned))
        for cell in planned:
            name = f"{cell.model} seed {cell.seed}"

            def on_epoch(epoch: int, _: object, name: str = name) -> None:
                show(f"{name} epoch {epoch}")

            show(name)
            results.append(run_cell(cell, arguments.out / CELLS, splits, on_epoch))
            progress.advance(task)
    title = f"{bundle.name}, temporal" if late else bundle.name
    return [row for split in splits for row in summarise(title, split, results, arguments.reference)]


def _splits(bundle: Path, test: bool, console: Console) -> tuple[Split, ...]:
    """Validation always; test where it was asked for and the bundle has anything to test on."""
    data = load_bundle(bundle)
    testable = data.test.shape[1] > 0 or data.random_exposure is not None
    if test and not testable:
        console.print(f"{bundle.name} has no test split: validation only", highlight=False)
    return ("valid", "test") if test and testable else ("valid",)


def _cells(
    bundle: Path, base: Settings, arguments: argparse.Namespace, late: bool, show: Callable[[str], None]
) -> Iterator[Cell]:
    data = load_bundle(bundle)
    data = temporal(data, bundle) if late else data
    rows = line_up(arguments.models, ablations=arguments.ablations, content=bool(data.modalities))
    for contender in rows:
        settings = contender.settings(base)
        if arguments.tune:
            storage = arguments.out / "tuning.db"
            settings = tuned(contender, base, data, arguments.tune, storage, show)
        for number in range(1 if contender.name in SEEDLESS else arguments.seeds):
            training = {"seed": settings.training.seed + number}
            if arguments.quick:
                training |= {"epochs": QUICK_EPOCHS, "epochs_unvalidated": QUICK_EPOCHS}
            seeded = settings.training.model_copy(update=training)
            whole = settings.model_copy(update={"training": seeded})
            yield Cell(bundle, whole, contender.name, contender.refuter, late)
