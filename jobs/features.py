"""Write the page on how the encoders see the catalogue of a date."""

import sys
from collections.abc import Sequence

from causalrec.lake.outcome import Outcome
from causalrec.report.features.page import feature_page, feature_page_inputs
from causalrec.report.features.summary import Summary
from causalrec.run import Run
from jobs._stage.runner import Job, main
from jobs._terminal.tables import Table

COLUMNS = ("contents", "without a vector", "exact duplicates", "near duplicates", "same category", "drift")


def _work(run: Run) -> Outcome:
    """Write the page, and print its numbers and path."""
    page, summaries = feature_page(run.settings, run.lake, run.ds)
    run.progress.say(table_of(summaries))
    run.progress.say(f"page: {page}")
    return Outcome(
        rows_in=sum(len(summary.modality.keys) for summary in summaries),
        counters={"page_bytes": float(page.size)},
    )


def table_of(summaries: Sequence[Summary]) -> Table:
    """One line per modality."""
    table = Table(title="features")
    table.add_column("")
    for name in COLUMNS:
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


JOB = Job(
    name="features",
    inputs=lambda run: feature_page_inputs(run.settings, run.ledger, run.ds),
    work=_work,
)

if __name__ == "__main__":
    sys.exit(main(JOB))
