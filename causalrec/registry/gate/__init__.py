"""Whether a new model may become champion."""
