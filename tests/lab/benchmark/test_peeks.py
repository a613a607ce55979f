"""Looks are counted once per trained model, and by data."""

from pathlib import Path

from causalrec.lab.benchmark.peeks import looks_at, note_look, told


def test_the_same_cell_counts_once(tmp_path: Path) -> None:
    for model, cell in (("ease", "a"), ("causal", "b"), ("causal", "c"), ("ease", "a")):
        note_look(tmp_path, "shop", model, cell)
    note_look(tmp_path, "other", "causal", "d")
    found = looks_at(tmp_path, "shop")
    assert found == {"ease": 1, "causal": 2}
    assert told(found).endswith("3 (causal 2, ease 1).")


def test_nothing_was_looked_at(tmp_path: Path) -> None:
    assert not looks_at(tmp_path, "shop")
