"""The graph encoder blended with closed-form parts, with weights chosen on validation."""
