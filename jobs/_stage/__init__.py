"""How one stage runs: arguments, settings, fingerprint, ledger row."""
