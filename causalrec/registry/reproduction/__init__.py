"""Training a registered model again, and comparing the two."""
