"""Reasons in the words of a shop: short texts in its languages, made of nothing but facts of rows."""
