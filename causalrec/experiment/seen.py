"""What an experiment has seen by a night: its arms, as either design of the lists shows them."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from causalrec.config import Settings
from causalrec.config.experiment import CONTROL, ExperimentSettings
from causalrec.experiment.credit import PAIRED, sides
from causalrec.experiment.lines import Arm
from causalrec.experiment.moments import Moments
from causalrec.experiment.policies import policies
from causalrec.lake import Lake
from causalrec.lake.outcome import Pin

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

LISTS = "recommendations"
Rows = Sequence[Mapping[str, Any]]
Seen = tuple[dict[str, Arm], Moments | None]


def each_side(
    settings: Settings, lake: Lake, spark: "SparkSession", ds: dt.date, pins: Sequence[Pin], earlier: Rows
) -> Seen | None:
    """The arms of an experiment that splits the users; None before any list was shown."""
    from causalrec.experiment.outcomes import deeds, lists_of, moments, people, stayed  # Spark

    chosen, (lists, events) = settings.experiment, pins
    shown = lists_of(spark, lake.table(LISTS), chosen, ds, lists.version).cache()
    versions = _versions(shown, chosen)
    if versions is None:
        return None
    did = people(spark, lake.table("events"), settings, ds, events.version)
    found = moments(deeds(stayed(shown, chosen).cache(), did, chosen))
    return _arms(chosen, found, versions, earlier), None


def both_sides(
    settings: Settings, lake: Lake, spark: "SparkSession", ds: dt.date, pins: Sequence[Pin], earlier: Rows
) -> Seen | None:
    """The arms of an experiment that interleaves lists, and both sides of every user."""
    from causalrec.experiment.credited import credits, drafts_of, first_choices
    from causalrec.experiment.outcomes import moments, people

    chosen, (lists, events) = settings.experiment, pins
    shown = drafts_of(spark, lake.table(LISTS), chosen, ds, lists.version).cache()
    versions = _versions(shown, chosen)
    if versions is None:
        return None
    did = people(spark, lake.table("events"), settings, ds, events.version)
    (paired,) = moments(credits(shown, did, chosen), PAIRED).values()
    firsts, both = first_choices(shown, chosen), sides(paired)
    arms = {
        name: Arm(1 / len(firsts), tuple(sorted(versions[name])), side, firsts[name])
        for name, side in zip(firsts, both, strict=True)
    }
    return arms, paired


def _versions(shown: "DataFrame", settings: ExperimentSettings) -> dict[str, set[str]] | None:
    """Arm -> versions that wrote its rows; None where not every one of two arms has rows."""
    known = policies(settings)
    found: dict[str, set[str]] = {}
    for row in shown.select("policy", "model_version").distinct().collect():  # a row per arm and version
        found.setdefault(known[row["policy"]], set()).add(row["model_version"])
    return found if found.get(CONTROL) and len(found) > 1 else None


def _arms(
    settings: ExperimentSettings,
    found: Mapping[str, Moments],
    versions: Mapping[str, set[str]],
    earlier: Rows,
) -> dict[str, Arm]:
    """Arms with the share of users who stayed: the least an arm had; of the control, what no arm ever had."""
    least, most = dict(settings.shares), dict(settings.shares)
    for row in earlier:
        if row["arm"] in least:
            least[row["arm"]] = min(least[row["arm"]], row["share"])
            most[row["arm"]] = max(most[row["arm"]], row["share"])
    nobody = Moments(0 * next(iter(found.values())).products)
    shares = {CONTROL: 1 - sum(most.values()), **least}
    return {
        name: Arm(share, tuple(sorted(versions.get(name, ()))), found.get(name, nobody))
        for name, share in shares.items()
    }
