"""Figures of the known-truth study: gap over confounding, iid against do, edge evidence, codes and causes."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from causalrec.lab.studies.cells import StudyResult
from causalrec.lab.studies.readout import TESTS
from causalrec.lab.studies.summary import BOTH, QUESTION, StudyRow

SIZE = (7.5, 3.8)  # inches
COLOURS = {
    "raw": "#9c6b4e",
    "causal": "#4269d0",
    "informed": "#6cc5b0",
    "bayes": "#888888",
}
MAIN = tuple(COLOURS)


def write_plots(rows: Sequence[StudyRow], results: Sequence[StudyResult], folder: Path) -> list[Path]:
    """PNG files in ``folder``; a figure without data is left out."""
    figures = {
        "gap": gap_over_confounding(rows),
        "tradeoff": trade_off(rows),
        "edges": edge_evidence(results),
        "codes": codes_and_causes(results),
    }
    files = []
    for name, figure in figures.items():
        if figure is not None:
            files.append(folder / f"study_{name}.png")
            figure.savefig(files[-1], dpi=130)
    return files


def gap_over_confounding(rows: Sequence[StudyRow]) -> Figure:
    """NDCG@20 of the main variants over gamma, one panel per test, each by the read-out it is meant for."""
    figure, panels = _panels(len(TESTS))
    for panel, test in zip(panels, TESTS, strict=True):
        for name in MAIN:
            found = sorted((r for r in rows if r.name == name and _meant(r, test)), key=_strength)
            gammas, means = [row.confounding for row in found], [row.ndcg[test] for row in found]
            spread = [row.spread[test] for row in found]
            panel.errorbar(gammas, means, spread, marker="o", label=name, color=COLOURS[name], capsize=3)
        panel.set_title(f"test_{test}")
        panel.set_xlabel("confounding gamma")
    panels[0].set_ylabel("NDCG@20")
    panels[-1].legend()
    return figure


def trade_off(rows: Sequence[StudyRow]) -> Figure:
    """What every variant and read-out gives on the biased log and after do(C), at the strongest gamma."""
    figure, (panel,) = _panels(1)
    strongest = max(map(_strength, rows))
    for row in rows:
        if row.confounding == strongest:
            place = row.ndcg["iid"], row.ndcg["do"]
            marker = "o" if row.readout == "factual" else "s"
            panel.scatter(*place, marker=marker, color=COLOURS.get(row.name, "#efb118"))
            panel.annotate(f"{row.name} ({row.readout})", place, fontsize=6, xytext=(3, 3),
                           textcoords="offset points")  # fmt: skip
    panel.set_xlabel("NDCG@20 on held-out biased clicks")
    panel.set_ylabel("NDCG@20 after do(C)")
    panel.set_title(f"gamma {strongest:g}")
    return figure


def edge_evidence(results: Sequence[StudyResult]) -> Figure | None:
    """ROC of evidence that a click is an accident: the models' and the best possible."""
    found = [result for result in results if result.edges and result.name in MAIN]
    if not found:
        return None
    figure, (panel,) = _panels(1)
    strongest = max(result.knobs.confounding for result in found)
    for result in found:
        if result.knobs.confounding == strongest:
            label = f"{result.name}, world {result.knobs.seed}: {result.edges['auc']:.3f}"
            panel.plot(
                result.edges["doubted"], result.edges["caught"], color=COLOURS[result.name], label=label
            )
    panel.plot([0, 1], [0, 1], color="black", linewidth=0.6, linestyle="--")
    panel.set_xlabel("true clicks doubted")
    panel.set_ylabel("accidents doubted")
    panel.legend(fontsize=7)
    return figure


def codes_and_causes(results: Sequence[StudyResult]) -> Figure | None:
    """Items by coarse code and true confounder, rows ordered by the confounder they mostly hold."""
    found = [result for result in results if result.codes and result.name == "causal"]
    if not found:
        return None
    codes = found[-1].codes
    counts = np.asarray(codes["counts"], dtype=np.float64)
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure, (panel,) = _panels(1)
    image = panel.imshow(
        share[np.argsort(share.argmax(axis=1), kind="stable")], aspect="auto", cmap="viridis"
    )
    figure.colorbar(image, label="share of the code's items")
    panel.set_xlabel("confounder (category and brand)")
    panel.set_ylabel("coarse code")
    panel.set_title(f"NMI {codes['nmi_coarse']:.3f} (world {found[-1].knobs.seed})")
    return figure


def _panels(count: int) -> tuple[Figure, list[Axes]]:
    figure = Figure(figsize=SIZE, layout="constrained")
    FigureCanvasAgg(figure)
    panels = list(figure.subplots(1, count, squeeze=False)[0])
    for panel in panels:
        panel.grid(alpha=0.25)
    return figure, panels


def _strength(row: StudyRow) -> float:
    return row.confounding


def _meant(row: StudyRow, test: str) -> bool:
    """Whether the row is the variant's answer to the test."""
    return row.readout in (QUESTION[test], BOTH, "oracle")
