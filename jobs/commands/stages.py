"""``causalrec stages``: the stages of a night and what each reads and writes."""

from dataclasses import asdict

from rich.console import Console

from causalrec.pipeline import NIGHT
from jobs._terminal.tables import Table, write_json
from jobs.commands._shared.options import Json


def stages(json: Json = False) -> int:
    """One line per stage, in the order of a night."""
    if json:
        write_json(asdict(stage) for stage in NIGHT)
        return 0
    table = Table("stage", "after", "reads", "writes", "at most", title="stages of a night")
    for stage in NIGHT:
        lists = (", ".join(names) for names in (stage.after, stage.reads, stage.writes))
        table.add_row(stage.name, *lists, f"{stage.minutes} min")
    Console().print(table)
    return 0
