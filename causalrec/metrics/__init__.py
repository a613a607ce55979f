"""What a ranking is worth: ranking metrics, debiased and doubly robust estimates, calibration, bootstrap."""
