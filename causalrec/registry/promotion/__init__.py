"""Decisions about versions: asked for, made by a person or by the rules, taken back, repaired."""
