"""Errors around the pipeline; jobs have their own."""

from causalrec.errors import CausalrecError


class EmbeddedError(CausalrecError):
    """The embedded Airflow or MLflow cannot be prepared, started or used."""


class RunFailed(CausalrecError):
    """A run ended with failed tasks; everything else was shut down cleanly."""
