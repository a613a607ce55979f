"""A look at a landing zone before any night: seconds, a sample, no Spark."""

from causalrec.ingest.check.landing import DeliveryCheck, check_landing
from causalrec.ingest.check.suggest import toml_block

__all__ = ["DeliveryCheck", "check_landing", "toml_block"]
