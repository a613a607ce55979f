"""Where everything of a cluster lies: folders, ports, addresses, secrets."""

import secrets
from dataclasses import dataclass, field
from pathlib import Path

from infra.cluster.postgres import address
from infra.embedded.ports import HOST, any_free

SHOP_BUCKET, MODEL_BUCKET = "shop", "mlflow"
AIRFLOW_DATABASE, MODEL_DATABASE = "airflow", "mlflow"


def _secret() -> str:
    return secrets.token_urlsafe(24)


@dataclass(frozen=True)
class Layout:
    """One cluster. Ports are free ones, so that it starts beside anything else.

    Attributes:
        folder: logs, Airflow's home, Spark's properties and scratch space.
        celery: whether Celery's workers run the tasks; otherwise the scheduler does.
        database: short-lived folder of PostgreSQL, which its own user must reach.
        key: of the object store. redis_secret: its password.
        spark_secret: what applications and workers of Spark must know.
    """

    folder: Path
    database: Path
    celery: bool = False
    airflow: int = field(default_factory=any_free)
    mlflow: int = field(default_factory=any_free)
    s3: int = field(default_factory=any_free)
    spark: int = field(default_factory=any_free)
    spark_page: int = field(default_factory=any_free)
    redis: int = field(default_factory=any_free)
    spark_workers: tuple[int, ...] = field(default_factory=lambda: (any_free(), any_free()))
    key: str = field(default_factory=_secret, repr=False)
    spark_secret: str = field(default_factory=_secret, repr=False)
    redis_secret: str = field(default_factory=_secret, repr=False)

    @property
    def logs(self) -> Path:
        """One file per service."""
        return self.folder / "logs"

    @property
    def spark_properties(self) -> Path:
        """What an operator keeps in ``spark-defaults.conf``.

        Not in ``SPARK_CONF_DIR``: that is on the class path, and with a folder there no virtual machine
        starts from the archive of its classes.
        """
        return self.folder / "spark.properties"

    @property
    def s3_address(self) -> str:
        """Endpoint of the object store."""
        return f"http://{HOST}:{self.s3}"

    @property
    def mlflow_address(self) -> str:
        """Tracking URI."""
        return f"http://{HOST}:{self.mlflow}"

    @property
    def spark_master(self) -> str:
        """What ``spark-submit`` and the workers call the master."""
        return f"spark://{HOST}:{self.spark}"

    @property
    def spark_page_address(self) -> str:
        """The master's page."""
        return f"http://{HOST}:{self.spark_page}"

    def database_address(self, name: str) -> str:
        """For SQLAlchemy."""
        return address(str(self.database), name)
