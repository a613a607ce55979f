"""Encoders of pictures and texts, on CPU or GPU, by torch or ONNX Runtime."""
