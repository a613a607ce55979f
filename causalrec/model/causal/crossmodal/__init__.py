"""What one modality says of the others: the footprint of hidden confounders in the content."""
