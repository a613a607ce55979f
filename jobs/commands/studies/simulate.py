"""``causalrec simulate``: the known-truth study. Models against a simulated shop whose causes are known."""

import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated

import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from causalrec.code import code_hash
from causalrec.config import Settings, load_settings
from causalrec.lab.simulation.simulator import Knobs
from causalrec.lab.studies.cells import StudyCell, StudyResult, run_study_cell
from causalrec.lab.studies.page import SHORT, short_cells, write_study
from causalrec.lab.studies.plots import write_plots
from causalrec.lab.studies.protocol import frozen_worlds
from causalrec.lab.studies.summary import StudyRow, summarise_study
from causalrec.lab.studies.variants import ABLATIONS, CORE, REFUTED, VARIANTS, Variant
from jobs._terminal.tables import Table
from jobs.commands._shared.options import ModelSettings, a_path, one_of

OUT = Path(".work/simulate")
QUICK_EPOCHS = 6
DEFAULT = Knobs()
STRENGTHS = (0.0, DEFAULT.confounding)
SHOP = "The shop"


@dataclass(frozen=True)
class Plan:
    """The arguments of the command line."""

    knobs: Knobs
    confounding: tuple[float, ...]
    seeds: int
    variants: tuple[str, ...]
    ablations: bool
    refuters: bool
    quick: bool
    settings: Path | None
    protocol: bool


def simulate(
    confounding: Annotated[
        list[float] | None,
        typer.Option(metavar="GAMMA", help="Strengths of the confounder.", rich_help_panel=SHOP),
    ] = None,
    popularity: Annotated[
        float, typer.Option(help="Pull of popular items in what is shown.", rich_help_panel=SHOP)
    ] = DEFAULT.exposure_popularity,
    promotion: Annotated[
        float, typer.Option(help="Pull of promoted items in what is shown.", rich_help_panel=SHOP)
    ] = DEFAULT.exposure_promotion,
    taste: Annotated[
        float, typer.Option(help="Pull of the user's taste in what is shown.", rich_help_panel=SHOP)
    ] = DEFAULT.exposure_taste,
    accidents: Annotated[
        float, typer.Option(metavar="NU", help="Chance of an accidental click.", rich_help_panel=SHOP)
    ] = DEFAULT.accidents,
    merit_shown: Annotated[
        float, typer.Option(metavar="OMEGA", help="Share of merit that content shows.", rich_help_panel=SHOP)
    ] = DEFAULT.merit_shown,
    users: Annotated[int, typer.Option(help="Users of the shop.", rich_help_panel=SHOP)] = DEFAULT.users,
    items: Annotated[int, typer.Option(help="Items of the shop.", rich_help_panel=SHOP)] = DEFAULT.items,
    exposed: Annotated[
        float, typer.Option(help="Items shown to a user.", rich_help_panel=SHOP)
    ] = DEFAULT.exposed,
    logged: Annotated[
        float, typer.Option(help="Share of impressions in the log.", rich_help_panel=SHOP)
    ] = DEFAULT.logged,
    position_decay: Annotated[
        float,
        typer.Option(help="The k-th item of a page is looked at with chance k^-decay.", rich_help_panel=SHOP),
    ] = DEFAULT.position_decay,
    curve: Annotated[
        float, typer.Option(help="Weight of the square of demand.", rich_help_panel=SHOP)
    ] = DEFAULT.demand_curve,
    drift: Annotated[
        float, typer.Option(help="Standard deviation of the drift of demand.", rich_help_panel=SHOP)
    ] = DEFAULT.demand_drift,
    campaigns: Annotated[
        float,
        typer.Option(
            help="Log-odds that hidden campaigns add to showing and clicking.", rich_help_panel=SHOP
        ),
    ] = DEFAULT.campaigns,
    protocol: Annotated[
        bool, typer.Option("--protocol", help="The frozen worlds of the study, instead of the ones above.")
    ] = False,
    seeds: Annotated[
        int, typer.Option(min=1, help="Number of simulated worlds; models are trained once per world.")
    ] = 3,
    variants: Annotated[
        list[str] | None,
        typer.Option(
            parser=one_of(sorted(VARIANTS)),
            metavar="MODEL",
            help=f"In place of the default rows: {', '.join(sorted(VARIANTS))}.",
        ),
    ] = None,
    ablations: Annotated[
        bool, typer.Option("--ablations", help="Also the causal model without each module.")
    ] = False,
    refuters: Annotated[
        bool, typer.Option("--refuters", help="Also the causal model on refuter data.")
    ] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help=f"{QUICK_EPOCHS} epochs only, to check that everything runs.")
    ] = False,
    settings: ModelSettings = None,
    out: Annotated[
        Path,
        typer.Option(parser=a_path, metavar="FOLDER", help="Folder where results are stored and reused."),
    ] = OUT,
) -> int:
    """Run or reuse every cell, print the table, write markdown, JSON and plots."""
    knobs = replace(
        DEFAULT,
        users=users,
        items=items,
        exposure_popularity=popularity,
        exposure_promotion=promotion,
        exposure_taste=taste,
        accidents=accidents,
        merit_shown=merit_shown,
        exposed=exposed,
        logged=logged,
        position_decay=position_decay,
        demand_curve=curve,
        demand_drift=drift,
        campaigns=campaigns,
    )
    plan = Plan(
        knobs=knobs,
        confounding=tuple(confounding or STRENGTHS),
        seeds=seeds,
        variants=tuple(variants or ()),
        ablations=ablations,
        refuters=refuters,
        quick=quick,
        settings=settings,
        protocol=protocol,
    )
    console = Console()
    results = _run(list(_cells(plan)), out / "cells", console)
    rows = summarise_study(results)
    console.print(_table(rows))
    facts = {
        "code": code_hash("causalrec.lab.studies.cells"),
        "knobs": [asdict(result.knobs) for result in results if not result.epochs],
    }
    files = [*write_study(rows, out, facts), *write_plots(rows, results, out)]
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
    """Shows the epoch next to the bar."""

    bar: Progress
    task: TaskID
    name: str

    def __call__(self, epoch: int, metrics: dict[str, float]) -> None:
        self.bar.update(self.task, description=f"{self.name}, epoch {epoch}")


def _cells(plan: Plan) -> Iterator[StudyCell]:
    base = _settings(plan)
    for number, knobs in _worlds(plan):
        training = base.training.model_copy(update={"seed": base.training.seed + number})
        settings = base.model_copy(update={"training": training})
        yield from (StudyCell(knobs, variant, settings) for variant in (None, *_variants(plan)))


def _worlds(plan: Plan) -> Iterator[tuple[int, Knobs]]:
    """Number and knobs of every world; frozen worlds take only their size from the command line."""
    if plan.protocol:
        size = plan.knobs
        yield from enumerate(
            frozen_worlds(replace(DEFAULT, users=size.users, items=size.items, exposed=size.exposed))
        )
        return
    for strength in plan.confounding:
        for number in range(plan.seeds):
            yield number, replace(plan.knobs, confounding=strength, seed=DEFAULT.seed + number)


def _variants(plan: Plan) -> tuple[Variant, ...]:
    """The raw model is always included, as the reference for everything else."""
    if plan.variants:
        return tuple(VARIANTS[name] for name in dict.fromkeys(["raw", *plan.variants]))
    return CORE + (ABLATIONS if plan.ablations else ()) + (REFUTED if plan.refuters else ())


def _settings(plan: Plan) -> Settings:
    base = load_settings(plan.settings, os.environ, tuned=False)
    quick = {"epochs": QUICK_EPOCHS, "epochs_unvalidated": QUICK_EPOCHS} if plan.quick else {}
    return base.model_copy(update={"training": base.training.model_copy(update=quick)})


def _table(rows: list[StudyRow]) -> Table:
    title = "known-truth study: NDCG@20 on three tests, share of the gap closed to informed learner and Bayes"
    table = Table(title=title, box=SIMPLE, padding=(0, 1, 0, 0), pad_edge=False)
    for place, name in enumerate(SHORT):
        text = place in (1, 2)
        table.add_column(name, justify="left" if text else "right", no_wrap=text)
    for row in rows:
        table.add_row(*short_cells(row))
    return table
