"""Recommenders that the causal model is compared with."""
