"""One part of each kind that causalrec takes from other packages."""
