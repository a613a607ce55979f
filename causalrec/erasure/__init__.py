"""The right to erasure: every place that can hold a user, an item or a brand, and how it is cleared."""
