"""What the DAG files share. The name is one that no other package has: Airflow searches the DAG folder."""
