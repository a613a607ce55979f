"""The table of a benchmark."""

from causalrec.lab.benchmark.page import cells, header, markdown
from causalrec.lab.benchmark.summary import BenchRow


def row(model: str, split: str, p_values: dict[str, float], findings: dict[str, float]) -> BenchRow:
    mean, spread = {"recall@20": 0.25, "ndcg@20": 0.125}, {"recall@20": 0.01, "ndcg@20": 0.0}
    cost = (3.0, 6.0, 2.0, 100.0, 0.0)
    return BenchRow("shop", split, model, 2, mean, spread, p_values, {}, *cost, findings)


def test_values_spreads_p_values_and_what_content_explains() -> None:
    found = {"r2/diffusion/image": 0.0512, "r2/ridge/image": 0.0498, "gate/mean": 0.3}
    rows = [
        row("causal", "valid", {}, found),
        row("ease", "valid", {"ndcg@20": 0.0004}, {}),
        row("causal", "test", {}, found),
    ]
    lines = markdown(rows, "causal").splitlines()
    assert (
        lines[0] == "| bundle | split | model | seeds | R@20 | N@20 | p N@20 | s/epoch | epochs | s | MiB |"
    )
    assert (
        lines[2] == "| shop | valid | causal | 2 | 0.2500±0.0100 | 0.1250±0.0000 |  | 2.00 | 3 | 6.0 | 100 |"
    )
    assert "| 0.0004 |" in lines[3]
    assert lines[-1] == "- shop, causal: diffusion/image 0.051, ridge/image 0.050"
    assert sum(line.startswith("- ") for line in lines) == 1
    assert "Held-out" not in markdown(rows[1:2], "causal")


def test_the_brief_table_shows_what_models_are_compared_on() -> None:
    full = row("causal", "valid", {}, {})
    full.mean["coverage@20"], full.spread["coverage@20"] = 0.5, 0.0
    assert "cov@20" in header([full])
    assert header([full], brief=True)[3:7] == ["seeds", "R@20", "N@20", "s/epoch"]
    assert cells(full, [full], brief=True)[3:6] == ["2", "0.2500±0.0100", "0.1250±0.0000"]
