"""What a shop does once a model serves it, beside what the evaluation promised."""
