"""Write the review page of a version, attach it to its MLflow run, and print where it is."""

import datetime as dt
import sys
from collections.abc import Mapping
from contextlib import ExitStack

from rich.markup import escape

from causalrec.config import Settings
from causalrec.dataset.load import Dataset, load_dataset
from causalrec.lake import Lake, Ledger
from causalrec.lake.outcome import Outcome
from causalrec.registry.champion.alias import champion_of
from causalrec.registry.gate.comparison import read_comparison
from causalrec.registry.gate.evaluate import evaluate_version_inputs
from causalrec.registry.gate.rules import decide
from causalrec.registry.gate.scores import baselines, score_on
from causalrec.registry.package import ModelPackage
from causalrec.registry.runs import attach_page, run_facts
from causalrec.registry.store import connect
from causalrec.registry.versions import AGAINST, DATASET, MODEL, ModelVersion, need, opened
from causalrec.report.page import Page
from causalrec.report.review.facts import CheckLine, GateOutcome, RankingSide, Reviewed, TrainingRun
from causalrec.report.review.page import review_page
from causalrec.run import Run
from jobs._stage.runner import Job, main
from jobs._terminal.tables import Table
from jobs._terminal.truth import truth_lines

MARKS = {"pass": "[green]pass[/]", "warn": "[yellow]warn[/]", "fail": "[bold red]fail[/]"}


def _inputs(job: Run) -> dict[str, str]:
    """The evaluation and everything it depends on, and what the page shows of it."""
    evaluated = job.ledger.last_success("evaluate", job.ds)
    return {
        **evaluate_version_inputs(job.settings, job.lake, job.ledger, job.ds),
        "evaluation": ",".join(sorted(str(w["digest"]) for w in evaluated.writes)) if evaluated else "",
        "review": job.settings.report.model_dump_json(),
    }


def _work(job: Run) -> Outcome:
    """Gather, write, attach, print the checks."""
    reviewed, page, path = review(job)
    job.progress.say(_checks(reviewed))
    job.progress.say(f"page: {page}")
    job.progress.say(f"MLflow: artifact {path} of the run of version {reviewed.version}")
    return Outcome(
        rows_in=len(reviewed.verdict.checks),
        reads=reviewed.dataset.pins,
        counters={"page_bytes": float(page.size)},
        note=f"version {reviewed.version}: {reviewed.verdict.decision}; page {page}",
    )


def review(job: Run) -> tuple[Reviewed, Page, str]:
    """Writes the page of the challenger; returns what was reviewed, the page and its artifact path.

    Raises:
        RegistryError: no challenger, it was not evaluated on ``ds``, or MLflow does not respond.
    """
    settings, lake, ds = job.settings, job.lake, job.ds
    client = connect(settings)
    challenger = need(client, settings, "challenger")
    champion = champion_of(client, settings, lake)
    if champion is not None and champion.version == challenger.version:  # promoted in the meantime
        champion = None
    dataset = load_dataset(settings, lake, ds)
    facts = run_facts(client, challenger)
    cost = {**facts.cost, **_ledger_cost(job.ledger, ds)}
    with ExitStack() as stack:
        package = stack.enter_context(opened(challenger))
        packages = {f"version {challenger.version}": package}
        if champion is not None:
            packages[f"champion (version {champion.version})"] = stack.enter_context(opened(champion))
        reviewed = Reviewed(
            ds=ds,
            version=challenger.version,
            model=challenger.tags.get(MODEL, ""),
            metric=settings.gate.metric,
            verdict=_verdict(settings, lake, ds, challenger, dataset, champion),
            dataset=dataset,
            challenger=RankingSide(f"version {challenger.version}", score_on(package, dataset)),
            opponent=_opponent(settings, dataset, packages),
            tables=package.tables() if challenger.tags.get(DATASET) == dataset.dataset_id else None,
            run=TrainingRun(facts.curves, facts.best_epoch, facts.lineage, cost),
            worth=package.worth,
            truth=truth_lines(settings, dataset, packages, job.progress.say),
        )
        page = review_page(settings, lake, reviewed)
    return reviewed, page, attach_page(client, challenger, page.name, page.html)


def _opponent(settings: Settings, dataset: Dataset, packages: Mapping[str, ModelPackage]) -> RankingSide:
    """The champion, named last among ``packages``; for a first version the last baseline that fits the
    catalogue."""
    label, package = list(packages.items())[-1]
    if len(packages) > 1:
        return RankingSide(label, score_on(package, dataset))
    name, score = list(baselines(settings, dataset.data).items())[-1]
    return RankingSide(f"the {name} baseline", score)


def _verdict(
    settings: Settings,
    lake: Lake,
    ds: dt.date,
    challenger: ModelVersion,
    dataset: Dataset,
    champion: ModelVersion | None,
) -> GateOutcome:
    """The gate's verdict. A version promoted meanwhile is compared with the champion of that time."""
    before = challenger.tags.get(AGAINST) or None if champion is None else champion.version
    evaluation = read_comparison(lake, ds, challenger.version, challenger.tags.get(MODEL, ""))
    found = decide(evaluation, settings.gate, dataset_id=dataset.dataset_id, champion=before)
    checks = tuple(
        CheckLine(check.name, check.status, check.value, check.threshold, check.detail)
        for check in found.checks
    )
    return GateOutcome(found.decision, found.why, checks)


def _ledger_cost(ledger: Ledger, ds: dt.date) -> dict[str, str]:
    """The cost of the version's jobs on this machine."""
    rows = {job: ledger.last_success(job, ds) for job in ("build_dataset", "train", "evaluate")}
    return {
        f"job {job}": f"{row.seconds:,.1f} s, {row.cpu_seconds:,.1f} CPU s"
        for job, row in rows.items()
        if row is not None
    }


def _checks(reviewed: Reviewed) -> Table:
    title = f"version {reviewed.version}: {reviewed.verdict.decision}"
    table = Table(title=title)
    for name in ("check", "result", "what was found"):
        table.add_column(name)
    for check in reviewed.verdict.checks:
        table.add_row(escape(check.name), MARKS[check.status], escape(check.text))
    return table


JOB = Job(
    name="review",
    inputs=_inputs,
    work=_work,
)

if __name__ == "__main__":
    sys.exit(main(JOB))
