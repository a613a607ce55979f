"""Options and decisions that several commands share."""
