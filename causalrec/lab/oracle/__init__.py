"""Models compared with the true probabilities of a generated shop."""
