"""A fictional shop whose causal truth is known."""
