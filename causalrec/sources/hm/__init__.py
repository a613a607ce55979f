"""Adapter for the public H&M Kaggle layout."""
