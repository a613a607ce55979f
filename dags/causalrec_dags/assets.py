"""The tables and aliases that other DAGs may be scheduled on."""

from airflow.sdk import Asset

EVENTS = Asset("causalrec://lake/events")
PRODUCTS = Asset("causalrec://lake/products")
DATASET = Asset("causalrec://lake/datasets")
RECOMMENDATIONS = Asset("causalrec://lake/recommendations")
CHAMPION = Asset("causalrec://registry/champion")
TRAINING_REQUEST = Asset("causalrec://registry/training_request")
