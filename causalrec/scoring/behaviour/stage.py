"""The stage that makes the configured lists, one table each."""

import datetime as dt
import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from causalrec.config import Settings
from causalrec.dataset.load import Dataset, load_dataset
from causalrec.lake import Lake
from causalrec.lake.bridge import write_frame
from causalrec.lake.outcome import Outcome, Written
from causalrec.ranking.merchandise.rules_file import merchandise_input
from causalrec.registry.champion.alias import champion_number
from causalrec.registry.pins import dataset_row
from causalrec.scoring.behaviour.makers import AUDIENCES, ListInputs
from causalrec.scoring.behaviour.personal import permitted
from causalrec.scoring.offered import offers_input

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


def behaviour_inputs(settings: Settings, lake: Lake, ds: dt.date) -> dict[str, str]:
    """The dataset, the settings of lists and rules, and the champion if there are audiences."""
    chosen = settings.lists.model_dump_json() + settings.scoring.model_dump_json()
    inputs = {
        "dataset": dataset_row(lake, ds)["dataset_id"] if settings.lists.tables else "",
        "lists": hashlib.sha256(chosen.encode()).hexdigest(),
    }
    if settings.lists.tables:
        inputs |= merchandise_input(settings.scoring.merchandise) | offers_input(lake, ds, settings.scoring)
    if AUDIENCES in settings.lists.tables:
        inputs["champion"] = champion_number(settings, lake)
    return inputs


def behaviour_lists(
    settings: Settings, lake: Lake, spark: "Callable[[], SparkSession]", ds: dt.date
) -> Outcome:
    """Replaces the partition of every table that ``lists.tables`` names; Spark starts only if there is one.

    Raises:
        DatasetError: there is no dataset of ``ds``. RegistryError: audiences are configured, and there is no
            champion. ScoringError: markets count, and no lists are published or a row holds what its market
            does not sell.
    """
    if not settings.lists.tables:
        return Outcome(note="no lists from behaviour are asked for (lists.tables)")
    dataset = load_dataset(settings, lake, ds)
    night = ListInputs(settings, lake, spark(), dataset, ds)
    makers = night.makers()
    written, notes = [], []
    for table in dict.fromkeys(settings.lists.tables):
        found = permitted(settings, table, makers[table]())
        written.append(_written(lake, table, night.checked(table, found), dataset, ds))
        if not written[-1].rows:
            notes.append(f"{table}: nothing to list")
    return Outcome(
        rows_in=dataset.data.n_users,
        rows_out=sum(one.rows for one in written),
        reads=tuple(night.pins.values()),
        writes=tuple(written),
        counters={f"rows_{one.table}": float(one.rows) for one in written},
        note="\n".join([*notes, *night.notes]),
    )


def _written(lake: Lake, table: str, frame: "DataFrame", dataset: Dataset, ds: dt.date) -> Written:
    labelled = frame.withColumns({"dataset_id": F.lit(dataset.dataset_id), "ds": F.lit(ds)})
    names = lake.table(table).schema.names
    (written,) = write_frame(
        labelled.select(*names), lake.table(table), [{"ds": ds.isoformat()}], allow_empty=True
    )
    return written
