"""Rivals that rank by weights between items."""
