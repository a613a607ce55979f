"""Train the configured model and register it as challenger; ``torchrun`` spreads it over processes."""

import sys

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from causalrec.lake.outcome import Outcome
from causalrec.registry.train import train_along, train_and_log, train_and_log_inputs
from jobs._ranks import call_helpers, main_in_ranks
from jobs._runner import Job, JobContext


def _work(context: JobContext) -> Outcome:
    call_helpers()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=context.console, transient=True) as bar:
        task = bar.add_task(f"train {context.settings.model.name}", total=context.settings.training.epochs)

        def epoch_done(epoch: int, metrics: dict[str, float]) -> None:
            bar.update(task, completed=epoch)

        return train_and_log(context.settings, context.lake, context.ledger, context.ds, epoch_done)


JOB = Job("train", lambda job: train_and_log_inputs(job.settings, job.lake, job.ledger, job.ds), _work)

if __name__ == "__main__":
    sys.exit(main_in_ranks(JOB, train_along))
