"""The instructions of a Dockerfile, as far as tests look at them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).parents[3] / "infra/images/Dockerfile"


@dataclass(frozen=True)
class Stage:
    """One FROM with what follows it: (instruction, rest of the logical line)."""

    name: str
    base: str
    lines: tuple[tuple[str, str], ...]

    def all(self, instruction: str) -> list[str]:
        """What the instructions of one kind say."""
        return [rest for kind, rest in self.lines if kind == instruction]


def stages() -> dict[str, Stage]:
    """The stages of the Dockerfile by name, in order."""
    found: dict[str, Stage] = {}
    name, base, lines = "", "", list[tuple[str, str]]()
    for kind, rest in _instructions(FILE.read_text()):
        if kind != "FROM":
            lines.append((kind, rest))
            continue
        if name:
            found[name] = Stage(name, base, tuple(lines))
        base, _, name = rest.split()
        lines = []
    return {**found, name: Stage(name, base, tuple(lines))}


def lineage(stage: Stage) -> Iterator[Stage]:
    """The stage and every one that it is built on."""
    known = stages()
    yield stage
    while stage.base in known:
        stage = known[stage.base]
        yield stage


def _instructions(text: str) -> Iterator[tuple[str, str]]:
    joined = re.sub(r"\\\n", " ", re.sub(r"(?m)^\s*#.*\n", "", text))
    for line in filter(None, map(str.strip, joined.splitlines())):
        kind, _, rest = line.partition(" ")
        yield kind, rest.strip()
