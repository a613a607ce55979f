"""Compaction, retention and erasure of tables."""
