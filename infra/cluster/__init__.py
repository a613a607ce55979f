"""``make cluster``: everything that a cluster has, as processes of this machine, and one night through it."""
