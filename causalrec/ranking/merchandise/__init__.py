"""Merchandising: the places, pins and exclusions that a shop reviews as one file."""
