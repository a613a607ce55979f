"""Airflow's server responds only to the names of this machine.

A foreign page may resolve its own name to 127.0.0.1, and the browser then treats Airflow as part of that page
(DNS rebinding). MLflow checks the same in :mod:`infra.embedded.mlflow_app`.
"""

from typing import Any, ClassVar

from airflow.plugins_manager import AirflowPlugin
from starlette.middleware.trustedhost import TrustedHostMiddleware

from infra.embedded.ports import HOST


class ThisHost(AirflowPlugin):  # type: ignore[misc]  # Airflow has no types here
    """Refuses requests that name another host, with status 400."""

    name = "this_host"
    fastapi_root_middlewares: ClassVar[list[dict[str, Any]]] = [
        {
            "name": "this_host",
            "middleware": TrustedHostMiddleware,
            "kwargs": {"allowed_hosts": [HOST, "localhost"], "www_redirect": False},
        }
    ]
