"""``causalrec simulate``: the known-truth study. Models against a simulated shop whose causes are known."""

import argparse
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from rich.box import SIMPLE
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from causalrec.code import code_hash
from causalrec.config import Settings, load_settings
from causalrec.errors import SettingsError
from causalrec.lab.protocol import frozen_worlds
from causalrec.lab.simulator import Knobs
from causalrec.lab.study import StudyRow, summarise_study
from causalrec.lab.study_cells import StudyCell, StudyResult, run_study_cell
from causalrec.lab.study_page import SHORT, short_cells, write_study
from causalrec.lab.study_plots import write_plots
from causalrec.lab.variants import ABLATIONS, CORE, REFUTED, VARIANTS, Variant

OUT = Path(".work/simulate")
QUICK_EPOCHS = 6
DEFAULT = Knobs()
STRENGTHS = (0.0, DEFAULT.confounding)


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The arguments of the command."""
    parser = subparsers.add_parser("simulate", help="models in simulated shops whose true causes are known")
    world = parser.add_argument_group("the shop")
    world.add_argument("--confounding", nargs="+", type=float, default=list(STRENGTHS), metavar="GAMMA")
    world.add_argument("--popularity", type=float, default=DEFAULT.exposure_popularity)
    world.add_argument("--promotion", type=float, default=DEFAULT.exposure_promotion)
    world.add_argument("--taste", type=float, default=DEFAULT.exposure_taste)
    world.add_argument("--accidents", type=float, default=DEFAULT.accidents, metavar="NU")
    world.add_argument("--merit-shown", type=float, default=DEFAULT.merit_shown, metavar="OMEGA")
    world.add_argument("--users", type=int, default=DEFAULT.users)
    world.add_argument("--items", type=int, default=DEFAULT.items)
    world.add_argument("--exposed", type=float, default=DEFAULT.exposed, help="items shown to a user")
    world.add_argument("--logged", type=float, default=DEFAULT.logged, help="share of impressions in the log")
    parser.add_argument(
        "--seeds", type=int, default=3, help="number of simulated worlds; models are trained once per world"
    )
    parser.add_argument("--variants", nargs="+", choices=sorted(VARIANTS), help="instead of the default rows")
    parser.add_argument("--ablations", action="store_true", help="also the causal model without each module")
    parser.add_argument("--refuters", action="store_true", help="also the causal model on refuter data")
    parser.add_argument(
        "--quick", action="store_true", help=f"{QUICK_EPOCHS} epochs only, to check that everything runs"
    )
    parser.add_argument("--settings", type=Path, help="TOML file whose [model] and [training] are used")
    parser.add_argument("--out", type=Path, default=OUT, help="folder where results are stored and reused")
    parser.set_defaults(run=simulate)


def simulate(arguments: argparse.Namespace, console: Console) -> int:
    """Run or reuse every cell, print the table, write markdown, JSON and plots."""
    if arguments.seeds < 1:
        raise SettingsError(f"--seeds {arguments.seeds}", do="use at least one world")
    results = _run(list(_cells(arguments)), arguments.out / "cells", console)
    rows = summarise_study(results)
    console.print(_table(rows))
    facts = {
        "code": code_hash("causalrec.lab.study_cells"),
        "knobs": [asdict(result.knobs) for result in results if not result.epochs],
    }
    files = [*write_study(rows, arguments.out, facts), *write_plots(rows, results, arguments.out)]
    console.print("written: " + ", ".join(map(str, files)), highlight=False)
    return 0


def _run(cells: list[StudyCell], store: Path, console: Console) -> list[StudyResult]:
    results = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("worlds", total=len(cells))
        for cell in cells:
            name = f"gamma {cell.knobs.confounding:g}, world {cell.knobs.seed}: {cell.name}"

            progress.update(task, description=name)
            results.append(run_study_cell(cell, store, _Epochs(progress, task, name)))
            progress.advance(task)
    return results


@dataclass(frozen=True)
class _Epochs:
    """Shows the epoch beside the bar."""

    bar: Progress
    task: TaskID
    name: str

    def __call__(self, epoch: int, metrics: dict[str, float]) -> None:
        self.bar.update(self.task, description=f"{self.name}, epoch {epoch}")


def _cells(arguments: argparse.Namespace) -> Iterator[StudyCell]:
    base = _settings(arguments)
    for number, knobs in _worlds(arguments):
        training = base.training.model_copy(update={"seed": base.training.seed + number})
        settings = base.model_copy(update={"training": training})
        yield from (StudyCell(knobs, variant, settings) for variant in (None, *_variants(arguments)))


def _worlds(arguments: argparse.Namespace) -> Iterator[tuple[int, Knobs]]:
    """Number and knobs of every world; the frozen ones take only their size from the command line."""
    if arguments.protocol:
        size = replace(DEFAULT, users=arguments.users, items=arguments.items, exposed=arguments.exposed)
        yield from enumerate(frozen_worlds(size))
        return
    for strength in arguments.confounding:
        for number in range(arguments.seeds):
            yield number, _knobs(arguments, strength, number)


def _variants(arguments: argparse.Namespace) -> tuple[Variant, ...]:
    """The raw model always takes part: everything is measured from it."""
    if arguments.variants:
        return tuple(VARIANTS[name] for name in dict.fromkeys(["raw", *arguments.variants]))
    return CORE + (ABLATIONS if arguments.ablations else ()) + (REFUTED if arguments.refuters else ())


def _knobs(arguments: argparse.Namespace, strength: float, number: int) -> Knobs:
    return replace(
        DEFAULT,
        users=arguments.users,
        items=arguments.items,
        confounding=strength,
        exposure_popularity=arguments.popularity,
        exposure_promotion=arguments.promotion,
        exposure_taste=arguments.taste,
        accidents=arguments.accidents,
        merit_shown=arguments.merit_shown,
        exposed=arguments.exposed,
        logged=arguments.logged,
        position_decay=arguments.position_decay,
        demand_curve=arguments.curve,
        demand_drift=arguments.drift,
        campaigns=arguments.campaigns,
        seed=DEFAULT.seed + number,
    )


def _settings(arguments: argparse.Namespace) -> Settings:
    base = load_settings(arguments.settings, os.environ, tuned=False)
    quick = {"epochs": QUICK_EPOCHS, "epochs_unvalidated": QUICK_EPOCHS} if arguments.quick else {}
    return base.model_copy(update={"training": base.training.model_copy(update=quick)})


def _table(rows: list[StudyRow]) -> Table:
    title = "known-truth study: NDCG@20 on three tests, share of the gap closed to informed learner and Bayes"
    table = Table(title=title, title_justify="left", box=SIMPLE, padding=(0, 1, 0, 0), pad_edge=False)
    for place, name in enumerate(SHORT):
        text = place in (1, 2)
        table.add_column(name, justify="left" if text else "right", no_wrap=text)
    for row in rows:
        table.add_row(*short_cells(row))
    return table
