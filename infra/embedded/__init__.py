"""Airflow and MLflow on one machine: prepared, started, watched and stopped by one command."""
