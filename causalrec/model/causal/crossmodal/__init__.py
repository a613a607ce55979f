"""What one modality says about the others: the footprint of hidden confounders in the content."""
