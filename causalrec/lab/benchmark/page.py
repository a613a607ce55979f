"""A benchmark as a table: one layout for the terminal, markdown and JSON."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from causalrec.lab.benchmark.plot import metric_panels
from causalrec.lab.benchmark.summary import PAIRED_ON, BenchRow

METRICS = {
    "recall@20": "R@20",
    "ndcg@20": "N@20",
    "recall@10": "R@10",
    "ndcg@10": "N@10",
    "coverage@20": "cov@20",
    "popularity_lift@20": "lift@20",
    "random_ndcg@5": "random N@5",
    "random_auc": "random AUC",
    "dr_liked@5": "DR liked@5",
    "snips_hit@20": "SNIPS hit@20",
}


R2 = "r2/"  # prefix of findings


def header(rows: Sequence[BenchRow], *, brief: bool = False) -> list[str]:
    """Column titles; a metric that no row has is left out.

    Args:
        brief: of the metrics only those that models are compared on.
    """
    metrics = [METRICS[name] for name in shown(rows, brief=brief)]
    paired = [f"p {METRICS[name]}" for name in compared(rows)]
    return ["bundle", "split", "model", "seeds", *metrics, *paired, "s/epoch", "epochs", "s", "MiB"]


def shown(rows: Sequence[BenchRow], *, brief: bool = False) -> list[str]:
    """The metrics that the table shows."""
    offered = PAIRED_ON if brief else METRICS
    return [name for name in offered if any(name in row.mean for row in rows)]


def compared(rows: Sequence[BenchRow]) -> list[str]:
    """The metrics that any row was compared on."""
    return [name for name in PAIRED_ON if any(name in row.p_values for row in rows)]


def cells(row: BenchRow, rows: Sequence[BenchRow], *, brief: bool = False) -> list[str]:
    """The texts of one row of the table of ``rows``, in the order of :func:`header`."""
    p_values = [f"{row.p_values[name]:.4f}" if name in row.p_values else "" for name in compared(rows)]
    memory = f"{row.peak_mb:.0f}" + (f" + {row.gpu_mb:.0f} GPU" if row.gpu_mb else "")
    cost = [f"{row.seconds_per_epoch:.2f}", f"{row.epochs:.0f}", f"{row.seconds:.1f}", memory]
    values = [_value(row, name) for name in shown(rows, brief=brief)]
    return [row.bundle, row.split, row.model, str(row.seeds), *values, *p_values, *cost]


def _value(row: BenchRow, name: str) -> str:
    if name not in row.mean:
        return ""
    mean = f"{row.mean[name]:.4f}"
    return mean if row.seeds == 1 else f"{mean}±{row.spread[name]:.4f}"


def markdown(rows: Sequence[BenchRow], reference: str) -> str:
    """The table with a line on how to read it."""
    titles = header(rows)
    lines = [titles, ["---"] * len(titles), *(cells(row, rows) for row in rows)]
    table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    note = (
        "R recall, N NDCG, cov coverage, lift popularity lift; random: under uniform exposure. Mean ± "
        f"standard deviation over seeds; p: paired bootstrap over users, {reference} against the row, "
        f"seeds averaged per user. Models are selected on validation. {machine()}"
    )
    return "\n\n".join([table, note, *_explained(rows)]) + "\n"


def _explained(rows: Sequence[BenchRow]) -> list[str]:
    """How much of one modality the others explain on held-out items, by each way to predict it."""
    lines = []
    for row in rows:
        shares = {name.removeprefix(R2): value for name, value in row.findings.items() if name.startswith(R2)}
        if shares and row.split == "valid":
            told = ", ".join(f"{name} {value:.3f}" for name, value in sorted(shares.items()))
            lines.append(f"- {row.bundle}, {row.model}: {told}")
    head = "Held-out R2 of each modality given the others, by way of predicting it:"
    return ["\n".join([head, "", *lines])] if lines else []


def machine() -> str:
    """What the numbers were taken on."""
    system = f"{platform.system()} {platform.machine()}"
    return f"{system}, {os.cpu_count()} cores, Python {platform.python_version()}."


def write(
    rows: Sequence[BenchRow], reference: str, folder: Path, facts: dict[str, Any]
) -> tuple[Path, Path, Path]:
    """``bench.md``, ``bench.json`` and ``bench.svg`` in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    text, data, picture = (folder / f"bench.{ending}" for ending in ("md", "json", "svg"))
    metric_panels(rows, {name: METRICS[name] for name in PAIRED_ON}, reference).savefig(picture)
    text.write_text(markdown(rows, reference), encoding="utf-8")
    content = {**facts, "machine": machine(), "rows": [asdict(row) for row in rows]}
    data.write_text(json.dumps(content, indent=1, sort_keys=True), encoding="utf-8")
    return text, data, picture
