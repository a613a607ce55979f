"""The graph encoder with closed-form parts beside it, in the mixture that validation likes best."""
