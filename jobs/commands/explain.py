"""``causalrec explain``: one score broken down, from a registered or a stored model."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console, Group
from rich.markup import escape

from causalrec.config import Settings
from causalrec.model.causal.explain import Explanation
from causalrec.registry.champion.alias import needed_champion
from causalrec.registry.explained import Explainer
from causalrec.registry.store import connect
from causalrec.registry.versions import need, opened
from causalrec.run import open_lake
from jobs._stage.runner import shop_settings
from jobs._terminal.tables import Table, write_json
from jobs.commands._shared.options import Alias, Json, SettingsFile, User, a_path

HISTORY = 8


def explain(
    user: User,
    item: Annotated[
        str | None, typer.Argument(metavar="ITEM", help="Item id (default: the user's best new item).")
    ] = None,
    alias: Annotated[Alias, typer.Option(help="Registered model to ask.")] = "champion",
    model: Annotated[
        Path | None,
        typer.Option(
            parser=a_path, metavar="FOLDER", help="A model stored by bench instead; ids are then row numbers."
        ),
    ] = None,
    history: Annotated[int, typer.Option(min=0, help="How many history items to list.")] = HISTORY,
    json: Json = False,
    settings_file: SettingsFile = None,
) -> int:
    """Finds the model, breaks the score down and shows it."""
    console = Console()
    explainer = Explainer.of_folder(model) if model else _registered(shop_settings(settings_file), alias)
    found = explainer.explain(user, item, history)
    if json:
        write_json(asdict(found))
    else:
        console.print(render(found, explainer))
    return 0


def _registered(settings: Settings, alias: Alias) -> Explainer:
    if alias == "champion":
        version = needed_champion(settings, open_lake(settings))
    else:
        version = need(connect(settings), settings, alias)
    with opened(version) as package:
        return Explainer.of_package(f"{version.name} version {version.version}", package)


def render(found: Explanation, explainer: Explainer) -> Group:
    """The score and its parts, then the history items that raised it or were discounted."""
    return Group(_scores(found, explainer), _history(found, explainer))


def _scores(found: Explanation, explainer: Explainer) -> Table:
    title = f"{_name(found.item, explainer)} for {explainer.users[found.user]} ({explainer.label})"
    table = Table(title=escape(title), show_header=False)
    code = f"{found.coarse}.{found.fine} {found.code_name}" if found.coarse >= 0 else "none"
    others = explainer.other_scores(found.user, found.item)
    lines = {
        "score": f"{found.score:.4f}",
        **_terms(found),
        **_without(found),
        **{name: f"{value:.4f}" for name, value in others.items()},
        "confounder code": code,
    }
    for name, value in lines.items():
        table.add_row(name, escape(value))
    return table


def _terms(found: Explanation) -> dict[str, str]:
    """The terms of a score that is a sum; empty for others."""
    return {f"  {part.name}": f"{part.value:+.4f}" for part in found.parts}


def _without(found: Explanation) -> dict[str, str]:
    """The score without each module that the model has."""
    modules = {
        "back-door adjustment": found.without_backdoor,
        "front-door adjustment": found.without_frontdoor,
        "topology reconstruction": found.without_topology,
    }
    lines = {
        f"without {name}": _against(value, found.score)
        for name, value in modules.items()
        if value is not None
    }
    if found.without_backdoor is not None:
        lines["evidence for a shared cause (kappa)"] = f"{found.kappa:.2f}"
        lines["strength of the adjustment (gate)"] = f"{found.gate:.2f}"
    return lines


def _history(found: Explanation, explainer: Explainer) -> Table:
    table = Table(title="history")
    for column in ("item", "adds to the score", "weight", "P(preference)", "why"):
        table.add_column(column, justify="left" if column in ("item", "why") else "right")
    weakened = {edge.item: edge for edge in found.weakened}
    for part in found.carried:
        edge = weakened.pop(part.item, None)
        sure, why = ("", "") if edge is None else (f"{edge.evidence:.2f}", edge.why)
        name = escape(_name(part.item, explainer))
        table.add_row(name, f"{part.contribution:+.4f}", f"{part.weight:.2f}", sure, why)
    for edge in weakened.values():  # not among those that contributed most
        name = escape(_name(edge.item, explainer))
        table.add_row(name, "", f"{edge.weight:.2f}", f"{edge.evidence:.2f}", edge.why)
    for item in found.added:
        table.add_row(escape(_name(item, explainer)), "", "added", "", "similar to what the user kept")
    return table


def _against(value: float, score: float) -> str:
    return f"{value:.4f} (it adds {score - value:+.4f})"


def _name(item: int, explainer: Explainer) -> str:
    return f"{explainer.titles[item]} [{explainer.items[item]}]"
