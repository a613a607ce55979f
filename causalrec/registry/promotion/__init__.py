"""Decisions about versions: requested, made by a person or by the rules, reverted, repaired."""
