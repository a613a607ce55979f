"""The subcommands of `causalrec`, one per file."""
