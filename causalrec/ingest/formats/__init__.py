"""Landing files of any supported format, read as Arrow batches of typed rows."""
