"""Facets of the OpenLineage events, all from the standard; the counts of a run are tags."""

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from causalrec.contracts import Contract
from causalrec.lake.record.ledger import LedgerRow

if TYPE_CHECKING:
    from openlineage.client.generated.base import (
        DatasetFacet,
        InputDatasetFacet,
        OutputDatasetFacet,
        RunFacet,
    )


@dataclass(frozen=True)
class Parent:
    """The parent run of a stage, such as a DAG run. ``run_id`` is a UUID."""

    namespace: str
    job: str
    run_id: str


def start_facets(ds: dt.date, parent: Parent | None) -> "dict[str, RunFacet]":
    """What is known when a run begins: its date and its parent."""
    from openlineage.client.facet_v2 import nominal_time_run, parent_run

    start = f"{ds.isoformat()}T00:00:00Z"
    facets: dict[str, RunFacet] = {
        "nominalTime": nominal_time_run.NominalTimeRunFacet(nominalStartTime=start)
    }
    if parent is not None:
        facets["parent"] = parent_run.ParentRunFacet(
            run=parent_run.Run(runId=parent.run_id),
            job=parent_run.Job(namespace=parent.namespace, name=parent.job),
        )
    return facets


def run_facets(row: LedgerRow, parent: Parent | None) -> "dict[str, RunFacet]":
    """The same with counts, processor time and code version as tags; the error of a run that failed."""
    from openlineage.client.facet_v2 import error_message_run, tags_run

    counts = {
        "status": row.status,
        "rows_in": row.rows_in,
        "rows_out": row.rows_out,
        "rows_rejected": row.rows_rejected,
        "bytes_written": row.bytes_written,
        "cpu_seconds": round(row.cpu_seconds, 3),
        "code_version": row.code_version,
        "git_revision": row.git_revision or "",
        "fingerprint": row.fingerprint,
        **{f"rejects.{reason}": n for reason, n in sorted(row.rejects.items())},
    }
    fields = [
        tags_run.TagsRunFacetFields(key=key, value=str(value), source="causalrec")
        for key, value in counts.items()
    ]
    facets = {**start_facets(row.ds, parent), "tags": tags_run.TagsRunFacet(tags=fields)}
    if row.status == "failed":
        facets["errorMessage"] = error_message_run.ErrorMessageRunFacet(
            message=row.note, programmingLanguage="python"
        )
    return facets


def version_facets(version: str) -> "dict[str, DatasetFacet]":
    """The version of a data set: a Delta version, or the digest of a delivery."""
    from openlineage.client.facet_v2 import dataset_version_dataset

    return {"version": dataset_version_dataset.DatasetVersionDatasetFacet(datasetVersion=version)}


def contract_facets(contract: Contract) -> "dict[str, DatasetFacet]":
    """Purpose, columns and owner of a table, from its contract."""
    from openlineage.client.facet_v2 import documentation_dataset, ownership_dataset, schema_dataset

    columns = [
        schema_dataset.SchemaDatasetFacetFields(
            name=column.name, type=column.type, description=column.description, ordinal_position=place
        )
        for place, column in enumerate(contract.columns, 1)
    ]
    owner = ownership_dataset.Owner(name=f"team:{contract.owner}", type="OWNER")
    return {
        "documentation": documentation_dataset.DocumentationDatasetFacet(description=contract.description),
        "schema": schema_dataset.SchemaDatasetFacet(fields=columns),
        "ownership": ownership_dataset.OwnershipDatasetFacet(owners=[owner]),
    }


def check_facets(row: LedgerRow, table: Contract) -> "dict[str, InputDatasetFacet]":
    """The quality of a delivery: its rows, and for each rule of ``table`` how many rows broke it.

    Empty for a run that failed before it had counted anything.
    """
    from openlineage.client.facet_v2 import data_quality_assertions_dataset as assertions
    from openlineage.client.facet_v2 import data_quality_metrics_input_dataset as metrics

    if row.status == "failed" and not row.rows_in:
        return {}
    rules = {str(rule.reason) for rule in table.rules if rule.broken == "row"}
    tests = [
        assertions.Assertion(
            assertion=reason,
            success=not row.rejects.get(reason, 0),
            severity="warn",
            expected="0",
            actual=str(row.rejects.get(reason, 0)),
        )
        for reason in sorted(rules | set(row.rejects))
    ]
    return {
        "dataQualityMetrics": metrics.DataQualityMetricsInputDatasetFacet(
            columnMetrics={}, rowCount=row.rows_in
        ),
        "dataQualityAssertions": assertions.DataQualityAssertionsDatasetFacet(assertions=tests),
    }


def output_facets(rows: int, size: int) -> "dict[str, OutputDatasetFacet]":
    """Rows and bytes of a written partition."""
    from openlineage.client.facet_v2 import output_statistics_output_dataset as statistics

    return {"outputStatistics": statistics.OutputStatisticsOutputDatasetFacet(rowCount=rows, size=size)}
