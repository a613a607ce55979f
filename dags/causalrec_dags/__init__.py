"""Shared by the DAG files. The name must be unique, because Airflow puts the DAG folder on the path."""
