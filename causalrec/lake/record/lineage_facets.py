"""Facets of the OpenLineage events, all of the standard; the counts of a run are its tags."""

from typing import TYPE_CHECKING

from causalrec.lake.record.ledger import LedgerRow

if TYPE_CHECKING:
    from openlineage.client.generated.base import DatasetFacet, OutputDatasetFacet, RunFacet


def run_facets(row: LedgerRow) -> "dict[str, RunFacet]":
    """Run date; counts, processor time and code version as tags; the error of a run that failed."""
    from openlineage.client.facet_v2 import error_message_run, nominal_time_run, tags_run

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
    start = f"{row.ds.isoformat()}T00:00:00Z"
    facets: dict[str, RunFacet] = {
        "nominalTime": nominal_time_run.NominalTimeRunFacet(nominalStartTime=start),
        "tags": tags_run.TagsRunFacet(tags=fields),
    }
    if row.status == "failed":
        facets["errorMessage"] = error_message_run.ErrorMessageRunFacet(
            message=row.note, programmingLanguage="python"
        )
    return facets


def version_facets(version: str) -> "dict[str, DatasetFacet]":
    """The version of a data set: a Delta version, or the digest of a delivery."""
    from openlineage.client.facet_v2 import dataset_version_dataset

    return {"version": dataset_version_dataset.DatasetVersionDatasetFacet(datasetVersion=version)}


def output_facets(rows: int, size: int) -> "dict[str, OutputDatasetFacet]":
    """Rows and bytes of a written partition."""
    from openlineage.client.facet_v2 import output_statistics_output_dataset as statistics

    return {"outputStatistics": statistics.OutputStatisticsOutputDatasetFacet(rowCount=rows, size=size)}
