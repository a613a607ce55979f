"""An export target: one file of JSON lines per table, replaced in one step."""

import json
import time
from collections.abc import Mapping
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

    def count(self, named: Mapping[str, tuple[str, ...]], settings: Settings) -> int:
        """Rows that hold one of the ids in the column of that name."""
        files = (settings.paths.work / "jsonlines").glob("*.jsonl")
        return sum(len(_rows(file)) - len(_kept(file, named)) for file in files)

    def erase(self, named: Mapping[str, tuple[str, ...]], settings: Settings) -> None:
        """Rewrites the files that hold such rows, each in one step; they no longer hold their night."""
        for file in (settings.paths.work / "jsonlines").glob("*.jsonl"):
            kept = _kept(file, named)
            if len(kept) < len(_rows(file)):
                unfinished = file.with_suffix(".tmp")
                unfinished.write_text("\n".join(["{}", *kept]) + "\n", encoding="utf-8")
                unfinished.replace(file)

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


def _rows(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines()[1:]


def _kept(file: Path, named: Mapping[str, tuple[str, ...]]) -> list[str]:
    """The rows without any of the ids."""
    read = ((line, json.loads(line)) for line in _rows(file))
    return [line for line, row in read if not any(row.get(name) in ids for name, ids in named.items())]
