"""The record of what stages did: ledger and lineage."""
