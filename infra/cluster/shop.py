"""A small demo shop whose store, registry and Spark are servers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from causalrec.config import load_settings
from infra.embedded.shop import Shop

REGION = "us-east-1"
BUCKET = "causalrec"
DS = "2026-03-01"
SHOP = """\
shop = "cluster"

[paths]
work = {work}
store = "s3://{bucket}/shop"

[lake]
endpoint = "{endpoint}"
region = "{region}"

[registry]
tracking_uri = "{mlflow}"
artifact_root = "mlflow-artifacts:/"

[source]
kind = "demo"
users = 200
items = 60
first_day = 2026-02-22
days = 8

[source.demo]
picture_side = 96

[spark]
master = "{master}"
shuffle_partitions = 4
java_options = "{java}"

[spark.conf]
"spark.cores.max" = "1" # two stages share the two workers
"spark.executor.memory" = "1g"
"spark.driver.host" = "127.0.0.1"
"spark.driver.bindAddress" = "127.0.0.1"
"spark.executor.extraJavaOptions" = "{java}"

[gate]
auto_approve = "first"
refuters = []
"""
"""Settings of the shop; text values are filled in as they stand."""
JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:ReservedCodeCacheSize=256m"


@dataclass(frozen=True)
class ClusterShop(Shop):
    """A shop with further variables for every process.

    Attributes:
        further: variables, Airflow's among them.
    """

    further: Mapping[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        """That of a shop, and :attr:`further`."""
        return {**super().environment(), **self.further}


def cluster_shop(
    folder: Path, *, endpoint: str, mlflow: str, master: str, further: Mapping[str, str]
) -> ClusterShop:
    """The shop in ``folder``, at these addresses."""
    file = folder / "shop.toml"
    text = SHOP.format(
        work=json.dumps(str(folder)),
        bucket=BUCKET,
        endpoint=endpoint,
        region=REGION,
        mlflow=mlflow,
        master=master,
        java=JAVA,
    )
    file.write_text(text, encoding="utf-8")
    return ClusterShop(file, load_settings(file, {}, tuned=False), None, further=further)
