"""The champion: decided by the table ``promotions``; MLflow's alias follows."""
