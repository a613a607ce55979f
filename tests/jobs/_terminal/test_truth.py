"""Which shops get a comparison with their truth, and what it looks like on a terminal."""

from pathlib import Path

from rich.console import Console

from causalrec.config import Settings
from causalrec.dataset.load import load_dataset
from causalrec.lake import Lake
from causalrec.report.truth import TruthLine
from jobs._terminal.truth import truth_lines, truth_table
from tests.registry.shop import DS, settings_in, write_dataset

LINES = (
    TruthLine("raw", 0.7, 0.6, (0.68, 0.72), (0.58, 0.62)),
    TruthLine("version 3", 0.812, 0.75, (0.78, 0.84), (0.73, 0.77), own=True),
)


def test_only_a_generated_shop_has_a_truth_and_a_foreign_dataset_gets_a_note(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    write_dataset(settings)
    dataset = load_dataset(settings, Lake(settings.lake_root), DS)
    said: list[object] = []
    native = Settings.model_validate({**settings.model_dump(), "source": {"kind": "native"}})
    assert truth_lines(native, dataset, {}, said.append) == ()
    assert said == []
    demo = Settings.model_validate({**settings.model_dump(), "source": {"kind": "demo"}})
    assert truth_lines(demo, dataset, {}, said.append) == ()
    assert "no comparison with the truth: the dataset has users or items that its shop never had" in str(
        said[0]
    )


def test_the_table_has_both_questions_with_intervals() -> None:
    console = Console(width=120, record=True)
    console.print(truth_table(LINES))
    shown = console.export_text()
    assert "0.812 ±0.030" in shown
    assert "0.600 ±0.020" in shown
    assert "best possible list has 1" in " ".join(shown.split())
