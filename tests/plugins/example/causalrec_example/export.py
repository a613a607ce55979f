"""An export target: one file of JSON lines per table, replaced in one step."""

import json
import time
from pathlib import Path
from typing import Literal

from causalrec.config import Settings
from causalrec.scoring.export import Exported, Night, NightTable, RowsDone


class JsonLines:
    """Writes ``jsonlines/TABLE.jsonl`` below the work folder; the first line names the night."""

    def export(self, night: Night, settings: Settings, progress: RowsDone) -> tuple[Exported, ...]:
        """A file that holds this night already stays as it is."""
        folder = settings.paths.work / "jsonlines"
        folder.mkdir(parents=True, exist_ok=True)
        return tuple(self._table(table, folder, progress) for table in night.tables)

    def _table(self, table: NightTable, folder: Path, progress: RowsDone) -> Exported:
        began, file = time.monotonic(), folder / f"{table.name}.jsonl"
        head = json.dumps({"night": table.night})
        held = file.read_text(encoding="utf-8").split("\n") if file.is_file() else [""]
        fresh = held[0] != head
        if fresh:
            unfinished = file.with_suffix(".tmp")
            with unfinished.open("w", encoding="utf-8") as stream:
                stream.write(head + "\n")
                for batch in table.batches(1_000):
                    stream.writelines(json.dumps(row, default=str) + "\n" for row in batch.to_pylist())
                    progress(f"jsonlines {table.name}", batch.num_rows)
            unfinished.replace(file)
        rows = len(file.read_text(encoding="utf-8").splitlines()) - 1
        state: Literal["written", "up to date"] = "written" if fresh else "up to date"
        lists, seconds = table.lists(1_000), time.monotonic() - began
        return Exported("example", table.name, rows, lists, str(file), state, seconds)
