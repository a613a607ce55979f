"""``make mutants``: changes code at random, runs the tests of its package, reports changes they missed.

The places depend only on the seed. Results are kept in ``.work/mutants``, so that an interrupted run
continues; a file that has changed since is tested again.
"""

import argparse
import hashlib
import json
import random
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from infra.mutants.changes import Change, changes
from infra.mutants.sandbox import sandbox

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / ".work" / "mutants" / "results.jsonl"
PACKAGES = ("lake", "dataset", "registry", "scoring")
LEAST_SHARE = 0.85


@dataclass(frozen=True)
class Mutant:
    """One change of one file."""

    package: str
    path: str
    digest: str
    change: Change

    @property
    def key(self) -> str:
        """Identifies the mutant as long as its file is unchanged."""
        place = (self.path, self.digest, self.change.start, self.change.end, self.change.after)
        return hashlib.sha256(repr(place).encode()).hexdigest()


def mutants(root: Path, packages: Sequence[str], count: int, seed: int) -> list[Mutant]:
    """``count`` mutants, drawn from all without replacement, in the order of packages and places."""
    known: list[tuple[Mutant, bytes]] = []
    for package in packages:
        for file in sorted((root / "causalrec" / package).rglob("*.py")):
            source, path = file.read_bytes(), file.relative_to(root).as_posix()
            digest = hashlib.sha256(source).hexdigest()
            known += [(Mutant(package, path, digest, change), source) for change in changes(source)]
    places = list(range(len(known)))
    random.Random(seed).shuffle(places)  # noqa: S311 - no secret
    programs = (place for place in places if known[place][0].change.compiles(known[place][1]))
    return [known[place][0] for place in sorted(islice(programs, count))]


def judged(drawn: Sequence[Mutant], results: Path, console: Console) -> dict[str, str]:
    """Key -> verdict of every mutant; each is stored as soon as it is known."""
    lines = results.read_text(encoding="utf-8").splitlines() if results.is_file() else []
    found = {row["key"]: row["verdict"] for row in map(json.loads, lines)}
    waiting = [mutant for mutant in drawn if mutant.key not in found]
    if not waiting:
        return found
    results.parent.mkdir(parents=True, exist_ok=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with sandbox(ROOT) as copy, Progress(*columns, console=console) as bar, results.open("a") as log:
        task = bar.add_task("mutants", total=len(drawn), completed=len(drawn) - len(waiting))
        for mutant in waiting:
            bar.update(task, description=f"{mutant.path}:{mutant.change.line}")
            verdict = copy.judge(mutant.package, mutant.path, mutant.change)
            found[mutant.key] = verdict
            row = {"key": mutant.key, "verdict": verdict, "path": mutant.path, **asdict(mutant.change)}
            log.write(json.dumps(row) + "\n")
            log.flush()
            bar.advance(task)
    return found


def summary(drawn: Sequence[Mutant], found: Mapping[str, str]) -> tuple[Table, float]:
    """Caught mutants per package, and the overall share; a timeout counts as caught."""
    table = Table("package", "changes", "caught", "too slow", "survived", "share", title="mutants")
    caught = 0
    for package in dict.fromkeys(mutant.package for mutant in drawn):
        verdicts = [found[mutant.key] for mutant in drawn if mutant.package == package]
        counts = {verdict: verdicts.count(verdict) for verdict in ("caught", "too slow", "survived")}
        caught += len(verdicts) - counts["survived"]
        share = f"{1 - counts['survived'] / len(verdicts):.0%}"
        table.add_row(package, str(len(verdicts)), *map(str, counts.values()), share)
    share_of_all = caught / len(drawn)
    table.caption = f"{caught} of {len(drawn)} noticed: {share_of_all:.0%}, at least {LEAST_SHARE:.0%} wanted"
    return table, share_of_all


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns 0 if enough mutants were caught."""
    parser = argparse.ArgumentParser(prog="python -m infra.mutants", description=__doc__)
    parser.add_argument("--count", type=int, default=200, help="how many places are changed")
    parser.add_argument("--seed", type=int, default=7, help="which ones")
    parser.add_argument("--packages", nargs="+", default=PACKAGES, choices=PACKAGES, help="of causalrec")
    chosen, console = parser.parse_args(arguments), Console()
    drawn = mutants(ROOT, chosen.packages, chosen.count, chosen.seed)
    try:
        found = judged(drawn, RESULTS, console)
    except RuntimeError as error:
        console.print(f"[bold red]mutants[/] {escape(str(error))}", highlight=False, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        console.print("stopped; the same command goes on from here")
        return 130
    table, share = summary(drawn, found)
    console.print(table)
    for mutant in drawn:
        if found[mutant.key] == "survived":
            change = mutant.change
            text = f"{mutant.path}:{change.line}: {change.before} -> {change.after}"
            console.print(escape(text), highlight=False, soft_wrap=True)
    return 0 if share >= LEAST_SHARE else 1


if __name__ == "__main__":
    sys.exit(main())
