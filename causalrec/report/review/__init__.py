"""The review page: what a person sees before a model version may score."""
