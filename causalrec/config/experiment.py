"""The section of an experiment: which lists are compared, on whom, until when, and by what."""

import datetime as dt
import re
from typing import Literal, Self

from pydantic import Field, model_validator

from causalrec.config.scoring import ScoringSettings
from causalrec.config.section import Section

CONTROL = "control"
INTERLEAVE = "interleave"
WHOLE_LISTS = frozenset({"k", "explore_share", "new_item_share", "new_item_days", "new_item_uniform"})
"""Settings of scoring that an interleaved list has from the control."""
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
Metric = Literal["conversion", "click_through", "revenue_per_user"]
Value = bool | int | float | str | tuple[str, ...]


class ArmSettings(Section):
    """One rival of the control: another model, other settings of scoring, or both."""

    share: float = Field(
        0,
        ge=0,
        lt=1,
        description="share of the users; none where lists are interleaved",
    )
    model: str = Field(
        "champion",
        pattern=r"^(champion|challenger|experiment|[1-9][0-9]*)$",
        description="alias or number of a registered version; experiment: whichever a reviewer sends there",
    )
    scoring: dict[str, Value] = Field({}, description="settings of [scoring] that differ in this arm")

    @model_validator(mode="after")
    def _known(self) -> Self:
        ScoringSettings.model_validate(self.scoring)
        if "home_market" in self.scoring:
            raise ValueError("home_market is one for all arms; set it under [scoring]")
        return self

    def over(self, scoring: ScoringSettings) -> ScoringSettings:
        """The settings that this arm is scored with."""
        return ScoringSettings.model_validate({**scoring.model_dump(), **self.scoring})


class ExperimentSettings(Section):
    """A comparison of lists on the shop's own users. Nothing is compared unless it has a name.

    In TOML, one table per arm; whoever is in no arm is in the control, which gets the champion's lists::

        [experiment.arms.new]
        share = 0.5
        model = "experiment"
    """

    name: str = Field("", description="name of the experiment, in policies and tables; empty: none runs")
    design: Literal["split", "interleave"] = Field(
        "split",
        description="split: each user has the list of one arm; interleave: everybody has one list, whose "
        "places the control and one arm fill in turn (team draft)",
    )
    arms: dict[str, ArmSettings] = Field(
        {}, description="arm -> its share of the users, model and settings of scoring"
    )
    start: dt.date | None = Field(None, description="first night whose lists differ")
    end: dt.date | None = Field(None, description="last such night; the verdict is final a day later")
    salt: str = Field("", description="what the assignment of users depends on; empty: the name")
    metric: Metric = Field("conversion", description="what decides; the other measures are shown")
    horizon: Literal["fixed", "sequential"] = Field(
        "fixed",
        description="fixed: decided once, after the end; sequential: as soon as an interval that holds on "
        "all nights at once excludes no difference",
    )
    confidence: float = Field(
        0.95, gt=0.5, lt=1, description="with which no arm is falsely found different from the control"
    )
    effect: float = Field(
        0.1,
        gt=0,
        description="difference, as a share of the control's value, at which sequential intervals are "
        "narrowest; they hold for any",
    )
    pre_days: int = Field(
        28,
        ge=0,
        description="days before the first lists; what users did then makes the intervals narrower (CUPED); "
        "0: off",
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        for name in (*((self.name,) if self.name else ()), *self.arms):
            if not NAME.fullmatch(name) or name == CONTROL:
                raise ValueError(
                    f"{name!r} is no name of an experiment or an arm: {NAME.pattern}, not {CONTROL}"
                )
        if not self.name:
            return self
        if self.start is None or self.end is None or self.end < self.start:
            raise ValueError("an experiment needs start and end, in this order")
        if not self.arms:
            raise ValueError("an experiment needs an arm beside the control")
        if self.interleaved:
            self._two_rankings()
            return self
        if unshared := [name for name, arm in self.arms.items() if "share" not in arm.model_fields_set]:
            raise ValueError(f"arm {unshared[0]} has no share of the users")
        most = 1 / len(self.arms)
        if any(arm.share > most for arm in self.arms.values()) or sum(self.shares.values()) >= 1:
            raise ValueError(f"with {len(self.arms)} arms a share is at most {most:.3g}, and all are below 1")
        return self

    def _two_rankings(self) -> None:
        if len(self.arms) != 1:
            raise ValueError(f"an interleaved list has the control and one arm, not {len(self.arms)}")
        ((name, arm),) = self.arms.items()
        if arm.share:
            raise ValueError(f"arm {name} has a share, but every user has an interleaved list; leave it out")
        if both := sorted(WHOLE_LISTS & set(arm.scoring)):
            raise ValueError(f"an interleaved list has the {both[0]} of [scoring]; take it out of arm {name}")

    @property
    def interleaved(self) -> bool:
        """Whether one list holds the rows of both arms."""
        return self.design == INTERLEAVE

    @property
    def shares(self) -> dict[str, float]:
        """Arm -> its share, by name; without the control."""
        return {name: self.arms[name].share for name in sorted(self.arms)}

    def serves(self, ds: dt.date) -> bool:
        """Whether the lists of the night of ``ds`` differ between arms."""
        return (
            bool(self.name)
            and self.start is not None
            and self.end is not None
            and self.start <= ds <= self.end
        )

    def judges(self, ds: dt.date) -> bool:
        """Whether there are responses to judge at the end of ``ds``: from the day after the first lists to
        the day after the last ones."""
        return self.serves(ds - dt.timedelta(days=1))
