"""The champion: what the table of promotions says, and the alias of MLflow that follows it."""
