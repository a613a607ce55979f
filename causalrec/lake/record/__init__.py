"""What jobs did: the ledger, their outcomes, lineage."""
