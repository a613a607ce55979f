"""The features page: how the encoders see the catalogue."""
