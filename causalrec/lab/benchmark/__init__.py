"""Models against baselines on bench bundles."""
