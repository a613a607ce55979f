"""How often a test split has been used: one line per model that was judged on it."""

import json
from collections import Counter
from pathlib import Path

FILE = "test_looks.jsonl"


def note_look(folder: Path, data: str, model: str, cell: str) -> None:
    """Notes that the cell of ``model`` was judged on the test split of the bundle with hash ``data``."""
    folder.mkdir(parents=True, exist_ok=True)
    line = json.dumps({"data": data, "model": model, "cell": cell})
    with (folder / FILE).open("a", encoding="utf-8") as stream:
        stream.write(line + "\n")


def looks_at(folder: Path, data: str) -> Counter[str]:
    """Uses of that test split by model name, over all runs with the same folder of results."""
    file = folder / FILE
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    seen = {tuple(sorted(look.items())): look for look in map(json.loads, lines)}
    return Counter(look["model"] for look in seen.values() if look["data"] == data)


def told(looks: Counter[str]) -> str:
    """One line below the table."""
    each = ", ".join(f"{model} {count}" for model, count in sorted(looks.items()))
    return f"Looks at this test split so far, one per trained model: {looks.total()} ({each})."
