"""The experiment of a night as a person would look at it: verdicts, and what differs between the arms."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
from markupsafe import Markup

from causalrec.config import Settings
from causalrec.config.experiment import CONTROL
from causalrec.errors import CausalrecError
from causalrec.experiment.policies import policies
from causalrec.experiment.recorded import verdict_rows
from causalrec.lake import Lake
from causalrec.report.people import Person, chosen_items
from causalrec.report.svg import ACCENT, DIM, draw
from causalrec.scoring.arm_lists import Lists, arm_lists

if TYPE_CHECKING:
    from matplotlib.figure import Figure

USERS, ROWS = 3, 8  # whose lists stand side by side, and as many rows of each
ITEMS = 6  # that an arm lists more often, or less often
NIGHTS = 60  # in a chart
SIZE = (4.4, 2.0)  # inches


@dataclass(frozen=True)
class Shift:
    """An item and the shares of an arm's and of the control's users in whose lists it stands."""

    item_id: str
    arm: float
    control: float


@dataclass(frozen=True)
class SideBySide:
    """A user, the arm they are in, and the lists they would get in each.

    Attributes:
        arm: empty where lists are interleaved.
        shown: of an interleaved list, item and who put it there: an arm, or the policy of a drawn place.
    """

    user_id: str
    arm: str
    lists: Lists
    shown: tuple[tuple[str, str], ...] = ()

    def first(self, arm: str) -> tuple[str, ...]:
        """The items of a list that the page shows."""
        return self.lists[arm][:ROWS]

    def alone(self, arm: str, item: str) -> bool:
        """Whether no other arm lists the item for this user."""
        return not any(item in items for other, items in self.lists.items() if other != arm)


@dataclass(frozen=True)
class ExperimentCard:
    """What the page shows of one experiment.

    Attributes:
        lines: rows of the table ``experiments``, tonight's.
        charts: arm -> its difference over the nights, of the measure that decides.
        shifts: arm -> items that it lists more often than the control, and less often.
        people: a few users with the lists of all arms; ``why_not`` says why there are none.
    """

    name: str
    lines: tuple[dict[str, Any], ...]
    charts: dict[str, Markup]
    shifts: dict[str, tuple[tuple[Shift, ...], tuple[Shift, ...]]]
    people: tuple[SideBySide, ...]
    why_not: str = ""
    interleaved: bool = False


def experiment_card(
    settings: Settings, lake: Lake, ds: dt.date, people: Sequence[Person]
) -> ExperimentCard | None:
    """The card of ``ds``; None where no experiment shows or judges lists then."""
    chosen = settings.experiment
    if not chosen.serves(ds) and not chosen.judges(ds):
        return None
    rows = verdict_rows(lake, chosen, ds, NIGHTS)
    tonight = tuple(row for row in rows if row["ds"] == ds)
    listed = _by_taste(settings, lake, ds)
    if not tonight and not listed.num_rows:
        return None
    side_by_side, why_not = _side_by_side(settings, lake, ds, people, listed)
    shifts = _shifts(settings, listed)
    charts = _charts(rows)
    return ExperimentCard(
        chosen.name, tonight, charts, shifts, side_by_side, why_not, interleaved=chosen.interleaved
    )


def _by_taste(settings: Settings, lake: Lake, ds: dt.date) -> pa.Table:
    """user_id, item_id and policy of the arms' rows of ``ds``; none where no experiment showed lists."""
    table, names = lake.table("recommendations"), pa.array(list(policies(settings.experiment)))
    rows = table.read({"ds": [ds.isoformat()]}, ["user_id", "item_id", "policy"])
    return rows.filter(pc.is_in(rows["policy"], value_set=names))


def _shifts(settings: Settings, rows: pa.Table) -> dict[str, tuple[tuple[Shift, ...], tuple[Shift, ...]]]:
    """Arm -> the items by which its lists differ from the control's most; ``rows`` are those by taste."""
    names = policies(settings.experiment)
    sizes = rows.group_by("policy").aggregate([("user_id", "count_distinct")]).to_pylist()
    users = {names[row["policy"]]: row["user_id_count_distinct"] for row in sizes}
    shares: dict[str, Counter[str]] = {arm: Counter() for arm in users}
    for row in rows.group_by(["policy", "item_id"]).aggregate([("user_id", "count")]).to_pylist():
        arm = names[row["policy"]]
        shares[arm][row["item_id"]] = row["user_id_count"] / users[arm]
    found = {}
    for arm in [name for name in names.values() if name in users and name != CONTROL]:
        mine, base = shares[arm], shares.get(CONTROL, Counter())
        order = sorted({*mine, *base}, key=lambda item: (base[item] - mine[item], item))
        every = [Shift(item, float(mine[item]), float(base[item])) for item in order]
        more = tuple(one for one in every[:ITEMS] if one.arm > one.control)
        less = tuple(one for one in every[::-1][:ITEMS] if one.arm < one.control)
        found[arm] = (more, less)
    return found


def _side_by_side(
    settings: Settings, lake: Lake, ds: dt.date, people: Sequence[Person], listed: pa.Table
) -> tuple[tuple[SideBySide, ...], str]:
    """Those of ``people`` who are in an arm, of as many arms as possible."""
    mine = listed.filter(
        pc.is_in(listed["user_id"], value_set=pa.array([one.user_id for one in people], pa.string()))
    )
    names = policies(settings.experiment)
    owners = {row["user_id"]: names[row["policy"]] for row in mine.to_pylist()}
    seen: Counter[str] = Counter()
    order = []
    for person in (one for one in people if one.user_id in owners):
        order.append((seen[owners[person.user_id]], person.user_id))
        seen[owners[person.user_id]] += 1
    users = [user for _, user in sorted(order, key=lambda pair: pair[0])][:USERS]
    if not users:
        return (), ""
    shown = _shown(settings, lake, ds, users) if settings.experiment.interleaved else {}
    try:
        lists = arm_lists(settings, lake, ds, chosen_items(lake, ds, users))
    except CausalrecError as error:
        return (), f"The lists of the other arms cannot be made any more: {error.what}."
    return tuple(
        SideBySide(user, "" if shown else owners[user], lists[user], shown.get(user, ())) for user in users
    ), ""


def _shown(
    settings: Settings, lake: Lake, ds: dt.date, users: Sequence[str]
) -> dict[str, tuple[tuple[str, str], ...]]:
    """User -> items of their list, each with the arm that chose it or the policy that drew it."""
    names, found = policies(settings.experiment), {user: list[tuple[str, str]]() for user in users}
    columns = ["user_id", "rank", "item_id", "policy"]
    rows = lake.table("recommendations").read({"ds": [ds.isoformat()]}, columns)
    mine = rows.filter(pc.is_in(rows["user_id"], value_set=pa.array(users, pa.string()))).sort_by("rank")
    for row in mine.to_pylist():  # a few users
        found[row["user_id"]].append((row["item_id"], names.get(row["policy"], row["policy"])))
    return {user: tuple(items[:ROWS]) for user, items in found.items()}


def _charts(rows: Sequence[dict[str, Any]]) -> dict[str, Markup]:
    arms: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        if row["decides"] and row["difference"] is not None:
            arms.setdefault(row["arm"], []).append(row)
    return {arm: _chart(arm, points) for arm, points in arms.items()}


def _chart(arm: str, points: Sequence[dict[str, Any]]) -> Markup:
    def fill(figure: "Figure") -> None:
        panel = figure.subplots()
        places = range(len(points))
        low, high = ([row[f"difference_{end}"] for row in points] for end in ("low", "high"))
        panel.vlines(places, low, high, color=ACCENT, linewidth=2)
        panel.plot(
            places, [row["difference"] for row in points], "o-", color=ACCENT, markersize=4, linewidth=1
        )
        panel.axhline(0, color=DIM, linewidth=1, linestyle="--")
        step = max(1, len(points) // 5)
        panel.set_xticks(list(places)[::step], [f"{row['ds']:%m-%d}" for row in points][::step])
        panel.locator_params(axis="y", nbins=4)

    return draw(f"experiment-{arm}", SIZE, fill)
