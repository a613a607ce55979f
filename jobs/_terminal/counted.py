"""Shows what counting every row of a landing zone found."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from causalrec.contracts import load_contract
from causalrec.errors import printable
from causalrec.ingest.advice import cure, field_advice
from jobs._terminal.tables import Table

if TYPE_CHECKING:
    from causalrec.ingest.check.everything import Counted


def show_counted(counted: "Sequence[Counted]", console: Console) -> None:
    """Rows and losses per kind of delivery, and every delivery that a night would refuse."""
    for one in counted:
        console.rule(f"every row of {one.kind}", align="left")
        rows = sum(found.rows_in for found in one.measures.values())
        good = sum(found.rows_good for found in one.measures.values())
        left = sum(found.left_out for found in one.measures.values())
        console.print(
            f"{rows:,} rows of {len(one.measures):,} deliveries: {good:,} accepted, "
            f"{sum(one.rejects.values()):,} rejected, {left:,} left out as the settings say",
            highlight=False, soft_wrap=True,
        )  # fmt: skip
        if one.rejects or one.nulled:
            console.print(_losses(one))
        for day, why in one.refused.items():
            line = f"REFUSED {day}: {escape(printable(why))}"
            console.print(line, style="bold red", highlight=False, soft_wrap=True)


def _losses(one: "Counted") -> Table:
    contract = load_contract(one.kind)
    table = Table("reason", "rows", "example", "what cures it")
    for reason, rows in one.rejects.items():
        example = escape(printable(one.examples.get(reason, "")))
        table.add_row(f"[red]{reason}[/]", f"{rows:,}", example, escape(cure(reason, contract)))
    for note, rows in one.nulled.items():
        column, _, reason = note.partition(" ")
        kept = f"{printable(one.examples.get(note, ''))} (the row stays, this field is empty)"
        advice = escape(field_advice(column, reason, contract))
        table.add_row(f"[yellow]{note}[/]", f"{rows:,}", escape(kept), advice)
    return table
