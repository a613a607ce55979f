"""The stages as data: every one has its module, every table its contract, and one order fits all edges."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import get_args

import pytest

from causalrec.config.lists import BehaviourList
from causalrec.contracts import table_names
from causalrec.pipeline import (
    BEHAVIOUR,
    LISTS,
    NIGHT,
    NIGHTLY,
    RECORDED,
    STAGES,
    TRAINING,
    VECTORS,
    stage_table,
    upstream,
    writer_of,
)
from causalrec.scoring.export.night import KEYS

HAND_MADE = {"ledger", "erasures"}
"""Tables that no stage writes: every job writes the ledger, people ask for erasures."""


def test_every_stage_has_a_module_of_one_shape(root: Path) -> None:
    for name, stage in STAGES.items():
        text = (root / "jobs" / f"{name}.py").read_text(encoding="utf-8")
        declared = "Question(" if stage.kind == "question" else "Job("
        assert re.search(rf"^JOB = {re.escape(declared)}", text, re.MULTILINE), name
        assert f"    sys.exit(main{'_in_ranks' if name == 'train' else ''}(JOB" in text, name


def test_no_other_module_of_jobs_is_a_stage(root: Path) -> None:
    found = {file.stem for file in (root / "jobs").glob("*.py") if "\nJOB = " in file.read_text()}
    assert found == set(STAGES)


def test_every_table_is_declared_and_has_a_writer() -> None:
    tables = {table for stage in STAGES.values() for table in (*stage.reads, *stage.writes)}
    assert tables <= set(table_names())
    assert {table for table in table_names() if not writer_of(table)} == HAND_MADE


def test_lists_have_the_same_names_in_settings_stages_and_exports() -> None:
    assert get_args(BehaviourList) == BEHAVIOUR
    assert tuple(KEYS) == (*LISTS, *BEHAVIOUR, *VECTORS)


def test_stages_come_after_those_that_they_wait_for() -> None:
    seen: set[str] = set()
    for stage in NIGHT:
        assert set(stage.after) <= seen, stage.name
        seen.add(stage.name)


def test_what_a_stage_reads_is_written_by_a_stage_before_it() -> None:
    """Except what it keeps itself, and what people or all jobs write."""
    for stage in NIGHT:
        before, waiting = set[str](), list(stage.after)
        while waiting:
            before.add(name := waiting.pop())
            waiting += STAGES[name].after
        written = {table for name in before for table in STAGES[name].writes}
        assert set(stage.reads) <= written | set(stage.writes) | HAND_MADE, stage.name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("land", ()),
        ("build_dataset", ("ingest_events", "embed_images", "embed_texts")),
        ("score", ("build_dataset",)),  # not ingest_events, which is before both ways that lead here
        ("item_lists", ("publish",)),
        ("monitor", ("publish",)),
    ],
)
def test_the_nearest_stages_before_one(name: str, expected: tuple[str, ...]) -> None:
    assert upstream(name, NIGHTLY) == expected


def test_what_makes_a_date_complete() -> None:
    assert {"train", "evaluate", "review", "promote", "features", "report"}.isdisjoint(NIGHTLY)
    assert {"land", "score", "publish", "item_lists", "monitor"} <= set(NIGHTLY)
    assert set(RECORDED) == {stage.name for stage in NIGHT} - {"need_champion", "request_training"}
    assert set(TRAINING) - {"tune"} <= set(RECORDED)


def test_the_documentation_shows_the_stages(root: Path) -> None:
    assert stage_table() in (root / "docs" / "architecture.md").read_text(encoding="utf-8")


def test_reading_the_pipeline_imports_nothing_else_of_the_project(root: Path) -> None:
    code = (
        "import sys, causalrec.pipeline; print(sorted(n for n in sys.modules if n.startswith('causalrec')))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['causalrec', 'causalrec.pipeline']"


def test_the_documentation_shows_the_packages_in_the_order_of_the_import_rules(root: Path) -> None:
    text = (root / "docs" / "architecture.md").read_text(encoding="utf-8")
    cells = re.findall(r"^\| ((?:`[a-z]+`(?:, )?)+) \|", text.partition("## The packages")[2], re.MULTILINE)
    shown = [re.findall(r"`([a-z]+)`", cell) for cell in cells]
    rules = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    layers = [re.findall(r"causalrec\.([a-z]+)", layer) for layer in rules["contracts"][0]["layers"]]
    assert shown == [layer for layer in layers if layer]
    packages = {folder.parent.name for folder in (root / "causalrec").glob("*/__init__.py")}
    assert packages <= {name for layer in layers for name in layer}
