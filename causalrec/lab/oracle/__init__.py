"""Models against the true chances of a generated shop."""
