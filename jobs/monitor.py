"""Compare the night with the figures in the champion's review: the table ``monitoring`` and its page."""

import datetime as dt
import sys

from causalrec.dataset.load import load_dataset
from causalrec.lake.outcome import Outcome
from causalrec.monitoring.lines import Served
from causalrec.monitoring.monitor import monitor
from causalrec.registry.champion.alias import champion_number, needed_champion
from causalrec.registry.gate.scores import score_on
from causalrec.registry.pins import dataset_row
from causalrec.registry.versions import MODEL, TRAINED_ON, opened
from causalrec.report.monitoring import monitoring_page
from causalrec.run import Run
from jobs._stage.runner import Job, main


def _inputs(run: Run) -> dict[str, str]:
    """The night's dataset and lists, the champion, and the settings."""
    published = run.ledger.last_success("publish", run.ds)
    return {
        "dataset": dataset_row(run.lake, run.ds)["dataset_id"],
        "lists": "" if published is None else ",".join(sorted(str(w["digest"]) for w in published.writes)),
        "champion": champion_number(run.settings, run.lake),
        "monitor": run.settings.monitor.model_dump_json(),
        "robots": run.settings.dataset.model_dump_json(include={"max_daily_actions", "max_minute_actions"}),
    }


def _work(run: Run) -> Outcome:
    """Opens the champion, compares, writes the page."""
    settings, ds = run.settings, run.ds
    champion = needed_champion(settings, run.lake)
    dataset = load_dataset(settings, run.lake, ds)
    with opened(champion) as package:
        served = Served(
            champion.version,
            champion.tags.get(MODEL, ""),
            champion.tags.get(TRAINED_ON, dt.date.max.isoformat()),
            frozenset(package.item_ids.tolist()),
            score_on(package, dataset),
        )
        outcome = monitor(settings, run.lake, dataset, served, ds)
    page = monitoring_page(settings, run.lake, ds)
    run.progress.say(f"page: {page}")
    return outcome


JOB = Job(
    name="monitor",
    inputs=_inputs,
    work=_work,
)

if __name__ == "__main__":
    sys.exit(main(JOB))
