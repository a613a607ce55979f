"""The numbers of an evaluation in the run that made the version: metrics, a figure, the gate's checks."""

from dataclasses import asdict
from typing import TYPE_CHECKING

from causalrec.registry.gate.checks import Verdict
from causalrec.registry.gate.judged import Results
from causalrec.registry.versions import GATE, MODEL, ModelVersion

if TYPE_CHECKING:
    from mlflow import MlflowClient


def log_verdict(client: "MlflowClient", challenger: ModelVersion, verdict: Verdict) -> None:
    """Logs the table of checks to the run, and tags the version with the decision."""
    rows = [asdict(check) for check in verdict.checks]
    client.log_dict(challenger.run_id, {"decision": verdict.decision, "checks": rows}, "gate/checks.json")
    for status in ("pass", "warn", "fail"):
        client.log_metric(challenger.run_id, f"gate_{status}", float(verdict.count(status)))
    client.set_model_version_tag(challenger.name, challenger.version, GATE, verdict.decision)


def log_results(challenger: ModelVersion, results: Results) -> None:
    """Logs the same numbers as metrics, and a figure, to the run that made the version."""
    import mlflow

    from causalrec.registry.plots import metric_bars

    def key(model: str, split: str, metric: str) -> str:
        who = "" if model == challenger.tags[MODEL] else f"{model.partition(':')[0]}_"
        return f"{who}{split}_{metric.replace('@', '_at_')}"

    with mlflow.start_run(run_id=challenger.run_id):
        mlflow.log_metrics(
            {
                key(model, split, row.name): row.value
                for (model, split), found in results.items()
                for row in found.rows
            }
        )
        for split in sorted({split for _, split in results}):
            values = {
                model: {row.name: row.value for row in found.rows}
                for (model, at), found in results.items()
                if at == split
            }
            names = [name for name in next(iter(values.values())) if name.startswith(("recall", "ndcg"))]
            mlflow.log_figure(metric_bars(values, names[:2]), f"plots/{split}_metrics.png")
