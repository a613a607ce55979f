"""Addresses of MLflow's own pages about a version, if MLflow is served."""

from urllib.parse import quote

from causalrec.config import Settings
from causalrec.registry.runs import REVIEW
from causalrec.registry.store import connect
from causalrec.registry.versions import ModelVersion


def version_page(settings: Settings, version: ModelVersion) -> str | None:
    """The page of the version; None if MLflow's address is not known."""
    base = _base(settings)
    return f"{base}/#/models/{quote(version.name, safe='')}/versions/{version.version}" if base else None


def review_page_address(settings: Settings, version: ModelVersion) -> str | None:
    """The address of the review page in MLflow; None without a page or an address.

    Raises:
        MlflowException: MLflow does not answer.
    """
    base, path = _base(settings), version.tags.get(REVIEW)
    if not base or not path:
        return None
    experiment = connect(settings).get_run(version.run_id).info.experiment_id
    return f"{base}/#/experiments/{experiment}/runs/{version.run_id}/artifacts/{quote(path)}"


def _base(settings: Settings) -> str:
    """``registry.page_url``, or the tracking server itself, which serves its pages at the same address."""
    served = settings.tracking_uri.startswith(("http://", "https://"))
    return (settings.registry.page_url or (settings.tracking_uri if served else "")).rstrip("/")
