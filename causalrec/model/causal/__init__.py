"""The causal recommender and its modules."""
