"""The lists of a night whose places two arms fill in turn."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
from pyspark.sql.pandas.types import from_arrow_schema

from causalrec.config import Settings
from causalrec.dataset.load import Dataset
from causalrec.errors import SettingsError
from causalrec.lake import Lake
from causalrec.ranking.merchandise.rules_file import read_merchandise
from causalrec.registry.package import ModelPackage
from causalrec.scoring.arm_night import ArmNight, labelled, user_rows
from causalrec.scoring.arms import ServedArm
from causalrec.scoring.draft_task import RIVAL_ROW, DraftTask
from causalrec.scoring.markets import Group
from causalrec.scoring.offered import offered
from causalrec.scoring.worker import RECOMMENDED

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


@dataclass(frozen=True)
class DraftNight:
    """Both arms on one night, with the packages of their models open.

    Attributes:
        control: says how long lists are, and who gets the places that taste does not fill.
    """

    control: ArmNight
    rival: ArmNight

    @staticmethod
    def of(
        settings: Settings,
        lake: Lake,
        dataset: Dataset,
        arms: Sequence[ServedArm],
        ds: dt.date,
        group: Group,
        packages: Mapping[str, ModelPackage],
    ) -> "DraftNight":
        """Of two arms, over the items that the rules of both allow.

        Args:
            packages: arm -> its model, open.

        Raises:
            SettingsError: the rules file of the arm has pins or promotions of its own.
        """
        control, rival = arms
        _same_places(control, rival, ds)
        may = [offered(dataset, arm.scoring, lake, ds, group.market) for arm in (control, rival)]
        ids = dataset.item_ids[may[0] & may[1]]
        nights = [
            ArmNight(settings, lake, dataset, arm, ds, packages[arm.name], group, ids)
            for arm in (control, rival)
        ]
        return DraftNight(*nights)

    def scored(self, spark: "SparkSession", interactions: "DataFrame") -> "DataFrame":
        """Labelled lists of everybody in the group."""
        control, rival = self.control, self.rival
        rows = user_rows(control.package, control.dataset)
        theirs = user_rows(rival.package, rival.dataset)["user_row"]
        hidden = pa.concat_tables([control.hidden_pairs(), rival.hidden_pairs()])
        hidden = hidden.group_by(hidden.column_names).aggregate([])  # each pair once
        users = control.users(spark, rows.append_column(RIVAL_ROW, theirs), interactions, hidden)
        chosen = control.settings.experiment
        task = DraftTask(
            control.task(spark), rival.task(spark), rival.arm.policy, chosen.salt or chosen.name
        )  # fmt: skip
        lists = users.mapInArrow(task, from_arrow_schema(RECOMMENDED))
        return labelled(lists, [control.arm, rival.arm], control.dataset, control.ds, control.group)


def _same_places(control: ServedArm, rival: ServedArm, ds: dt.date) -> None:
    ours, theirs = (read_merchandise(arm.scoring.merchandise) for arm in (control, rival))
    for kind in ("pins", "promotions"):
        mine, other = ([rule for rule in getattr(side, kind) if rule.active(ds)] for side in (ours, theirs))
        if mine != other:
            raise SettingsError(
                f"the rules file of arm {rival.name} has other {kind} than the control's, and an interleaved "
                "list has one set of them",
                do=f"give the arm the {kind} of the control's file, or split the users (experiment.design)",
            )
