"""A whole platform as processes of this machine: what a shop's own cluster looks like to the stages."""
