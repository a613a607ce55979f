"""Train the configured model and register it as challenger."""

import sys

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from causalrec.lake.outcome import Outcome
from causalrec.registry.train import train_and_log, train_and_log_inputs
from jobs._runner import Job, JobContext, main


def _work(context: JobContext) -> Outcome:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=context.console, transient=True) as bar:
        task = bar.add_task(f"train {context.settings.model.name}", total=context.settings.training.epochs)

        def epoch_done(epoch: int, metrics: dict[str, float]) -> None:
            bar.update(task, completed=epoch)

        return train_and_log(context.settings, context.lake, context.ledger, context.ds, epoch_done)


JOB = Job("train", lambda job: train_and_log_inputs(job.settings, job.lake, job.ledger, job.ds), _work)

if __name__ == "__main__":
    sys.exit(main(JOB))
