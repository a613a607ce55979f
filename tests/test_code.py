"""The code of a stage as a hash: what makes a result due again, and what does not."""

import re
import shutil
from pathlib import Path

import pytest

from causalrec.code import Sources, code_hash
from causalrec.pipeline import RECORDED, upstream

TOY = {
    "app/__init__.py": "",
    "app/stage.py": "from app.work import do\nfrom typing import TYPE_CHECKING\n"
    "if TYPE_CHECKING:\n    from app import types\n",
    "app/work.py": '"""What it does."""\n\n\n'
    "def do() -> int:\n    from . import late\n\n    return late.VALUE\n",
    "app/late.py": "VALUE = 1\n",
    "app/types.py": "Kind = int\n",
    "app/other.py": "VALUE = 1\n",
    "app/page.py": 'from pathlib import Path\n\nTEMPLATES = Path(__file__).with_name("templates")\n',
    "app/templates/page.html": "<p>",
}


class Toy:
    """A project of a few files."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name, text in TOY.items():
            self.write(name, text)

    def write(self, name: str, text: str) -> None:
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def hash(self, module: str = "app.stage", memory: Path | None = None) -> str:
        return Sources({"app": self.root / "app"}, memory).hash(module)


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    return Toy(tmp_path)


def test_everything_that_runs_is_followed_and_nothing_else(toy: Toy) -> None:
    found = Sources({"app": toy.root / "app"}).modules("app.stage")
    assert found == ["app", "app.late", "app.stage", "app.work"]


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("app/late.py", "VALUE = 2\n"),
        ("app/__init__.py", "import app.other\n"),
        ("app/work.py", TOY["app/work.py"].replace("return late.VALUE", "return -late.VALUE")),
    ],
)
def test_what_changes_a_result_changes_the_hash(toy: Toy, file: str, text: str) -> None:
    before = toy.hash()
    toy.write(file, text)
    assert toy.hash() != before


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("app/late.py", "# one\n\n\nVALUE = (\n    1\n)  # the value\n"),
        ("app/work.py", TOY["app/work.py"].replace("What it does.", "Something else.")),
        ("app/work.py", TOY["app/work.py"].replace("    from .", '    """One."""\n    from .')),
        ("app/types.py", "Kind = str\n"),
        ("app/other.py", "VALUE = 2\n"),
    ],
    ids=["comment", "docstring", "new_docstring", "for_type_checkers", "not_imported"],
)
def test_what_changes_no_result_keeps_the_hash(toy: Toy, file: str, text: str) -> None:
    before = toy.hash()
    toy.write(file, text)
    assert toy.hash() == before


def test_files_that_a_module_reads_count(toy: Toy) -> None:
    before = toy.hash("app.page")
    toy.write("app/templates/page.html", "<p class=wide>")
    assert toy.hash("app.page") != before


def test_the_folder_of_the_project_does_not_matter(toy: Toy, tmp_path: Path) -> None:
    assert Toy(tmp_path / "elsewhere").hash() == toy.hash()


def test_remembered_trees_give_the_same_hash_and_follow_a_change(toy: Toy, tmp_path: Path) -> None:
    memory = tmp_path / "cache" / "code.json"
    plain = toy.hash()
    assert [toy.hash(memory=memory), toy.hash(memory=memory)] == [plain, plain]
    toy.write("app/late.py", "VALUE = 2\n")
    assert toy.hash(memory=memory) == toy.hash() != plain
    memory.write_text("[1, 2", encoding="utf-8")
    assert toy.hash(memory=memory) == toy.hash()


def test_an_unknown_module_is_refused(toy: Toy) -> None:
    with pytest.raises(ModuleNotFoundError, match=r"app\.nothing"):
        toy.hash("app.nothing")


class Copy:
    """A copy of this project that a test may change."""

    def __init__(self, root: Path, folder: Path) -> None:
        self.memory = folder / "code.json"
        self.roots = {name: folder / name for name in ("causalrec", "jobs")}
        for name, copied in self.roots.items():
            shutil.copytree(root / name, copied, ignore=shutil.ignore_patterns("__pycache__"))

    def stages(self) -> dict[str, str]:
        sources = Sources(self.roots, self.memory)
        return {name: sources.hash(f"jobs.{name}") for name in RECORDED}

    def changed_by(self, file: str, pattern: str, replacement: str) -> set[str]:
        """The stages that are due after an edit of ``file``."""
        before = self.stages()
        path = self.roots["causalrec"] / file
        text, edits = re.subn(pattern, replacement, path.read_text(encoding="utf-8"), count=1)
        assert edits == 1
        path.write_text(text, encoding="utf-8")
        after = self.stages()
        return {name for name in after if after[name] != before[name]}


@pytest.fixture(scope="module")
def copied(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Copy:
    return Copy(root, tmp_path_factory.mktemp("project"))


def test_a_sort_the_other_way_round_in_the_item_lists_makes_them_due_alone(copied: Copy) -> None:
    due = copied.changed_by("scoring/popular.py", r"\[True, False,", "[True, True,")
    assert due == {"item_lists"}
    assert {name for name in RECORDED if due & set(upstream(name, RECORDED))} == {"report"}  # what follows


def test_a_change_of_scoring_leaves_the_ingest_done(copied: Copy) -> None:
    due = copied.changed_by("scoring/worker.py", r"\n\n\n", "\n\n\nVERSION = 2\n\n\n")
    assert "score" in due
    assert not {"land", "ingest_events", "ingest_products", "embed_images", "build_dataset", "train"} & due


def test_a_change_of_a_loss_makes_training_due_but_neither_features_nor_scores(copied: Copy) -> None:
    due = copied.changed_by("training/losses.py", r"\n\n\n", "\n\n\nVERSION = 2\n\n\n")
    assert "train" in due
    assert not {"ingest_events", "embed_images", "build_dataset", "score", "publish", "item_lists"} & due


def test_comments_make_nothing_due(copied: Copy) -> None:
    assert copied.changed_by("lake/table.py", r"\n\n\n", "\n# A comment.\n\n\n") == set()


def test_no_file_is_parsed_again_once_its_tree_is_known(
    copied: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = copied.stages()
    monkeypatch.setattr("causalrec.code.read", pytest.fail)
    assert copied.stages() == known


def test_the_project_itself() -> None:
    assert re.fullmatch(r"[0-9a-f]{16}", code_hash("jobs.land"))
    assert code_hash("jobs.land") != code_hash("jobs.score")
