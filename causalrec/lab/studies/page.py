"""The known-truth study as a table: one layout for the terminal, markdown and JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from causalrec.lab.benchmark.page import machine
from causalrec.lab.studies.readout import TESTS
from causalrec.lab.studies.summary import StudyRow

COLUMNS = (
    "gamma", "variant", "read-out", "seeds", *(f"N@20 {test}" for test in TESTS), "R@20 random", "R@20 do",
    "gap to informed random", "gap to informed do", "gap to Bayes random", "gap to Bayes do",
    "vs raw iid", "vs raw random", "vs raw do", "effect error", "edge AUC", "NMI",
    "R2 of C", "R2 of merit", "lift do", "s",
)  # fmt: skip
SHORT = (
    "γ", "variant", "read-out", "iid", "random", "do", "inf. ran.", "do", "Bayes ran.", "do", "effect", "AUC",
)  # fmt: skip
NOTE = (
    "A shop whose causes are known. iid: held-out clicks of the biased log; random: likes under uniform "
    "exposure; do: likes after the confounder C was redrawn. Read-outs: factual answers random (C as it is), "
    "adjusted answers do. raw: LightGCN with the same loss. informed: told everything but tastes "
    "where looks are logged, else content preference told C, exposure and accidents; bayes: ranks by the "
    "true chances. Gap: "
    "(model - raw) / (ceiling - raw) in NDCG@20, empty where the ceiling is less than two standard errors "
    "above raw. Effect error: root mean squared error of differences in do-effect over their size (0 "
    "perfect, 1 uninformative). R2: share of a "
    "cause that a ridge still reads from the item states. lift: popularity of lists against histories. "
    "Mean ± standard deviation over worlds; * p < .01 against raw (paired t-test over worlds). Models are "
    "selected on the clicks of the biased log, those with a term for exposure on clicks thinned by it."
)


def study_cells(row: StudyRow) -> list[str]:
    """The texts of one row, in the order of :data:`COLUMNS`."""
    return [
        f"{row.confounding:g}",
        row.name,
        row.readout,
        str(row.seeds),
        *(_ndcg(row, test) for test in TESTS),
        f"{row.recall['random']:.4f}",
        f"{row.recall['do']:.4f}",
        *(_share(row.gap_informed[test]) for test in ("random", "do")),
        *(_share(row.gap_bayes[test]) for test in ("random", "do")),
        *(f"{row.against_raw[test]:+.1%}" for test in TESTS),
        f"{row.effect_error:.3f}",
        _number(row.edge_auc),
        _number(row.nmi),
        _number(row.readable.get("confounder")),
        _number(row.readable.get("merit")),
        f"{row.lift['do']:+.2f}",
        f"{row.seconds:.0f}",
    ]


def short_cells(row: StudyRow) -> list[str]:
    """The texts for a terminal, in the order of :data:`SHORT`."""
    gaps = [_share(gap[test]) for gap in (row.gap_informed, row.gap_bayes) for test in ("random", "do")]
    auc = _number(row.edge_auc)
    ndcg = [f"{row.ndcg[test]:.4f}" for test in TESTS]
    numbers = [text[text.startswith("0.") :] for text in (*ndcg, *gaps, f"{row.effect_error:.2f}", auc[:-1])]
    return [f"{row.confounding:g}", row.name, row.readout, *numbers]


def _ndcg(row: StudyRow, test: str) -> str:
    p_value = row.p_value[test]
    spread = f"±{row.spread[test]:.4f}" if row.seeds > 1 else ""
    return f"{row.ndcg[test]:.4f}{spread}" + ("*" if p_value is not None and p_value < 0.01 else "")


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.0%}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def study_markdown(rows: Sequence[StudyRow]) -> str:
    """The table with a paragraph on how to read it."""
    lines = [COLUMNS, ["---"] * len(COLUMNS), *(study_cells(row) for row in rows)]
    table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    return f"{table}\n\n{NOTE} {machine()}\n"


def write_study(rows: Sequence[StudyRow], folder: Path, facts: dict[str, Any]) -> tuple[Path, Path]:
    """``study.md`` and ``study.json`` in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    text, data = folder / "study.md", folder / "study.json"
    text.write_text(study_markdown(rows), encoding="utf-8")
    content = {**facts, "machine": machine(), "rows": [asdict(row) for row in rows]}
    data.write_text(json.dumps(content, indent=1, sort_keys=True), encoding="utf-8")
    return text, data
