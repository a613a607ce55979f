"""Train the configured model and register it as challenger; ``torchrun`` spreads it over processes."""

import sys

from causalrec.lake.outcome import Outcome
from causalrec.registry.train import train_along, train_and_log, train_and_log_inputs
from causalrec.run import Run
from jobs._stage.ranks import call_helpers, main_in_ranks
from jobs._stage.runner import Job


def _work(run: Run) -> Outcome:
    call_helpers()
    settings = run.settings
    with run.progress.steps(f"train {settings.model.name}") as show:

        def epoch_done(epoch: int, metrics: dict[str, float]) -> None:
            show(epoch, settings.training.epochs)

        return train_and_log(settings, run.lake, run.ledger, run.ds, epoch_done)


JOB = Job(
    name="train",
    inputs=lambda run: train_and_log_inputs(run.settings, run.lake, run.ledger, run.ds),
    work=_work,
)

if __name__ == "__main__":
    sys.exit(main_in_ranks(JOB, train_along))
