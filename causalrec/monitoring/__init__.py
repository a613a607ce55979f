"""What became of the published lists: responses, drift, a random slice."""
