"""Search for better settings of the model, if the last search is long enough ago."""

import datetime as dt
import sys
import time
from dataclasses import replace

from causalrec.config.tuned import last_tuned
from causalrec.dataset.load import load_dataset
from causalrec.lake.outcome import Outcome
from causalrec.registry.pins import dataset_row
from causalrec.run import Run
from jobs._stage.runner import Job, main
from jobs._stage.tuning import search, told


def not_due(run: Run) -> str:
    """Why no search is due; empty if one is."""
    settings = run.settings.tuning
    if settings.every_days == 0:
        return "tuning.every_days is 0: settings are tuned by hand"
    last = last_tuned(run.settings.store, run.settings.model.name)
    if last is None or last.day == run.ds:  # a repeated run of the day's own search
        return ""
    due = last.day + dt.timedelta(days=settings.every_days)
    return f"tuned on {last.day}, next on {due}" if run.ds < due else ""


def _inputs(run: Run) -> dict[str, str]:
    """The dataset, and whether and for how long to search."""
    return {
        "dataset": dataset_row(run.lake, run.ds)["dataset_id"],
        "tuning": run.settings.tuning.model_dump_json(),
        "not due": not_due(run),
    }


def _work(run: Run) -> Outcome:
    why_not = not_due(run)
    if why_not:
        run.progress.say(why_not)
        return Outcome()
    dataset = load_dataset(run.settings, run.lake, run.ds)
    if dataset.data.valid.shape[1] == 0:
        return Outcome(reads=dataset.pins, note="nothing was tuned: there are no validation pairs")
    data = replace(dataset.data, test=dataset.data.test[:, :0])
    minutes, start = run.settings.tuning.minutes, time.monotonic()
    with run.progress.steps(f"tune {run.settings.model.name}") as show:
        found = search(
            run.settings,
            data,
            run.ds,
            minutes,
            on_epoch=lambda trial, value: show(int(time.monotonic() - start), int(60 * minutes)),
            say=run.progress.say,
        )
    return Outcome(
        rows_in=int(data.train.shape[1]),
        reads=dataset.pins,
        counters={"trials": float(len(found.trials)), "value": found.value},
        note=told(found),
    )


JOB = Job(name="tune", inputs=_inputs, work=_work)

if __name__ == "__main__":
    sys.exit(main(JOB))
