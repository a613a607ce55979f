"""Every model version that was judged, and every decision about the champion."""

from dataclasses import dataclass
from typing import Any

from causalrec.lake import Lake
from causalrec.registry.champion.promotions import Decision, decided_champion, decisions
from causalrec.report.site.rows import by_night


@dataclass(frozen=True)
class VersionCard:
    """One version.

    Attributes:
        checks: the rows of its newest pass through the gate, in order.
        last: what was decided last; None where nobody has decided.
    """

    version: str
    checks: tuple[dict[str, Any], ...]
    last: Decision | None
    champion: bool

    @property
    def decision(self) -> str:
        """What the gate said; empty where it was not asked."""
        return str(self.checks[0]["decision"]) if self.checks else ""


@dataclass(frozen=True)
class Models:
    """The versions and the decisions, newest first, and the version that serves now (None: there is none)."""

    versions: tuple[VersionCard, ...]
    decisions: tuple[Decision, ...]
    champion: str | None


def read_models(lake: Lake) -> Models:
    """Everything that the tables know of model versions."""
    made = decisions(lake)
    checks = _checks(lake)
    champion = decided_champion(lake)
    serving = champion.version if champion is not None else None
    last = {one.version: one for one in made}
    names = sorted({*checks, *last}, key=_number, reverse=True)
    cards = tuple(VersionCard(name, checks.get(name, ()), last.get(name), name == serving) for name in names)
    return Models(cards, made[::-1], serving)


def _checks(lake: Lake) -> dict[str, tuple[dict[str, Any], ...]]:
    """Version -> the checks of its newest night."""
    table = lake.table("gate_checks")
    rows = table.read().sort_by("position").to_pylist() if table.exists() else []
    return {
        version: tuple(nights[max(nights)]) for version, nights in by_night(rows, "model_version").items()
    }


def _number(version: str) -> tuple[int, str]:
    return (int(version), version) if version.isdigit() else (0, version)
