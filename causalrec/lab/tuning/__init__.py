"""Search for settings on validation."""
