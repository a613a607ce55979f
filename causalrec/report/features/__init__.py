"""The features page: what the encoders made of the catalogue, to look at."""
