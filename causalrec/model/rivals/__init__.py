"""Models that the causal one is compared with."""
