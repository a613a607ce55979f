"""The draw follows from the seed, and what a run found is what the table says."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from infra.mutants.__main__ import judged, mutants, summary
from infra.mutants.sandbox import Sandbox, nearest_first

pytestmark = pytest.mark.slow

CODE = """
def larger(a, b):
    return a > b

def unused(a):
    return a + 1

def trained(a):
    return a * 3
"""
TESTS = """
import pytest
from causalrec.lake.code import larger, trained

def test_it() -> None:
    assert larger(2, 1) is True

@pytest.mark.slow
def test_a_training() -> None:
    assert trained(2) == 6
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A project of one file with a test of half of it."""
    empty = dict.fromkeys(("causalrec/__init__.py", "causalrec/lake/__init__.py"), "")
    code = {"causalrec/lake/code.py": CODE, "tests/lake/test_code.py": TESTS}
    for name, text in {**empty, **code}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    markers = '["spark", "airflow", "server", "browser", "slow", "cluster"]'
    (tmp_path / "pyproject.toml").write_text(f"[tool.pytest.ini_options]\nmarkers = {markers}\n")
    return tmp_path


def test_the_seed_alone_decides(root: Path) -> None:
    first, again, other = (mutants(root, ["scoring"], 20, seed) for seed in (7, 7, 8))
    assert first == again != other
    assert len({mutant.key for mutant in first}) == 20


def test_what_no_test_looks_at_survives(tree: Path) -> None:
    drawn = mutants(tree, ["lake"], 20, 7)
    code = Sandbox(tree)
    chosen = [m for m in drawn if m.change.before in ("return a > b", "a + 1", "a * 3")]
    found = {m.key: code.judge("lake", m.path, m.change) for m in chosen}
    assert {m.change.after: found[m.key] for m in chosen} == {
        "return None": "caught", "(a - 1)": "survived", "(a / 3)": "caught",
    }  # fmt: skip
    assert (tree / "causalrec/lake/code.py").read_text() == CODE
    table, share = summary(chosen, found)
    assert share == pytest.approx(2 / 3)
    assert table.row_count == 1


def test_tests_that_name_the_module_run_first(tree: Path) -> None:
    for name in ("test_a.py", "test_z.py"):
        (tree / "tests/lake" / name).write_text("def test_it() -> None:\n    pass\n")
    found = nearest_first(tree, "lake", "causalrec/lake/code.py")
    assert found == [f"tests/lake/test_{name}.py" for name in ("code", "a", "z")]


def test_tests_that_fail_unchanged_prove_nothing(tree: Path) -> None:
    (drawn,) = mutants(tree, ["lake"], 1, 7)
    (tree / "tests/lake/test_code.py").write_text("def test_it() -> None:\n    assert False\n")
    with pytest.raises(RuntimeError, match="does not pass unchanged"):
        Sandbox(tree).judge("lake", drawn.path, drawn.change)


def test_what_was_judged_is_not_judged_again(tree: Path, tmp_path: Path) -> None:
    drawn = mutants(tree, ["lake"], 3, 7)
    results = tmp_path / "results.jsonl"
    results.write_text("".join(f'{{"key": "{m.key}", "verdict": "caught"}}\n' for m in drawn))
    found = judged(drawn, results, Console(file=io.StringIO()))
    assert set(found) == {m.key for m in drawn}
    (tree / "causalrec/lake/code.py").write_text(CODE.replace("unused", "other"))
    changed = mutants(tree, ["lake"], 3, 7)
    assert not {m.key for m in changed} & set(found)
