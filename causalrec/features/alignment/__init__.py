"""Trains the projections of the lite encoders on a catalogue's own pairs."""
