"""The right to erasure: every place that can hold a user, an item or a brand, and what became of it."""
