"""Image and text vectors: decoding policy, encoders, content-addressed increments."""
