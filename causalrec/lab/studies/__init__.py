"""The known-truth study: models in simulated shops, and what they find out about causes."""
